"""The sink over HTTP: one POST for each attempt, bounded in time and in what is read of the answer."""

import asyncio
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urlsplit
from urllib.request import getproxies

import aiohttp

from transcription_api.transition import CONTENT_TYPE
from transcription_operator.cloudevents.answer import Answer, judged
from transcription_operator.cloudevents.credentials import BadSecretError, read_credentials, tls
from transcription_operator.cloudevents.event import Event
from transcription_operator.cloudevents.signature import signed
from transcription_operator.settings import EventSink

_READ_BUFFER = 4096
"""Bytes of an answer's body that may be held; none is looked at."""
_KEPT_OPEN = 3.0
"""Seconds for which a connection is kept for the next event: shorter than servers do, which else would close it just then."""
_TO_CLOSE = 1.0
"""Seconds after the time for the answer."""


class Sink(Protocol):
    """Where events go."""

    @property
    def address(self) -> str:
        """For the log: no path, no query."""

    async def send(self, event: Event) -> Answer:
        """One attempt. It comes back in bounded time, and raises nothing but CancelledError."""


class HttpSink:
    """See the module. Use it as an async context manager."""

    def __init__(self, settings: EventSink, version: str, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._folder = Path(settings.secret_folder)
        self._agent = f"transcription-operator/{version}"
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        parts = urlsplit(settings.url)
        self.address = f"{parts.scheme}://{parts.netloc}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._session:
            await self._session.close()

    async def send(self, event: Event) -> Answer:
        """One attempt."""
        try:
            credentials = read_credentials(self._folder)
            session = self._opened()
        except BadSecretError as error:
            return Answer("SecretUnusable", str(error))
        now = self._clock()
        headers = {
            **credentials.headers,
            **signed(event.id, int(now), event.body, credentials.keys),
            "Content-Type": CONTENT_TYPE,
            "User-Agent": self._agent,
        }
        try:
            # The client's own time does not cover the closing of a connection.
            async with (
                asyncio.timeout(self._settings.timeout_seconds + _TO_CLOSE),
                session.post(self._settings.url, data=event.body, headers=headers, allow_redirects=False) as response,
            ):
                return judged(response.status, response.headers, datetime.fromtimestamp(now, UTC))
        except TimeoutError:
            return Answer("Timeout", f"no answer within {self._settings.timeout_seconds:g} s")
        except (aiohttp.ClientError, ssl.SSLError, OSError, ValueError) as error:
            return Answer("Unreachable", f"{type(error).__name__}{_cause(error)}")

    def _opened(self) -> aiohttp.ClientSession:
        """Connections are kept; cookies, bodies and redirects are not."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=tls(self._folder), keepalive_timeout=_KEPT_OPEN),
                timeout=aiohttp.ClientTimeout(total=self._settings.timeout_seconds),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                read_bufsize=_READ_BUFFER,
                trust_env=bool(getproxies()),
            )
        return self._session


def _cause(error: Exception) -> str:
    """What the operating system or TLS says; the text of other errors may quote what was answered."""
    system = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(system, ssl.SSLCertVerificationError):
        return f": {system.verify_message}"
    return f": {system.strerror}" if isinstance(system, OSError) and system.strerror else ""
