"""Who may use the service: whoever sends one of its keys. Without keys, everybody.

Compared are hashes, each with all of them, in constant time: how long it takes says nothing about a key.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from ipaddress import IPv6Address, IPv6Network, ip_address
from pathlib import Path

from starlette.requests import HTTPConnection

from transcription_runner.serve.refusals import Refusal

ENV_API_KEYS = "TRANSCRIPTION_API_KEYS"
"""Keys, separated by commas or spaces."""
SHORTEST = 16
OPENAI_PREFIX = "openai-insecure-api-key."
"""What browsers put before a key for OpenAI's realtime API."""


class Keys:
    """The keys of a service."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        """Raises ValueError for a key that could be guessed."""
        if any(len(key) < SHORTEST for key in keys):
            raise ValueError(f"an API key has fewer than {SHORTEST} characters: it could be guessed")
        self._hashes = [_hashed(key) for key in keys]

    def client(self, connection: HTTPConnection) -> str:
        """Who asks, for taking turns and sharing places: by the key where keys are asked for, else by the address."""
        if self._hashes:
            return _hashed(_given(connection.headers)).hex()
        return household(connection.client.host) if connection.client else ""

    def check(self, headers: Mapping[str, str]) -> None:
        """Raises Refusal unless `Authorization: Bearer KEY` or `X-API-Key: KEY` has one of them.

        `Authorization: Token KEY` will do, too, as Deepgram's clients write it, and for browsers, which can send no
        header, a subprotocol.
        """
        if not self._hashes:
            return
        given = _hashed(_given(headers))
        if not any([hmac.compare_digest(given, known) for known in self._hashes]):  # noqa: C419 - all of them, each time
            raise Refusal(401, "InvalidKey", "send one of this service's API keys as Authorization: Bearer KEY or X-API-Key: KEY")

    def mark(self, headers: Mapping[str, str], name: str) -> str | None:
        """What stands for the request's key on a thing of this name: by it the same key is known again. None without keys.

        It does not tell the key, nor whether two things are of the same one.
        """
        if not self._hashes:
            return None
        return hmac.new(_hashed(_given(headers)), name.encode(), hashlib.sha256).hexdigest()


def household(address: str) -> str:
    """Who is behind an address: of IPv6 its /64, since one machine may use any address of it."""
    try:
        found = ip_address(address)
    except ValueError:  # a proxy that is trusted has no better word for its client
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or IPv6Network((int(found), 64), strict=False))


def _given(headers: Mapping[str, str]) -> str:
    """The key that came with a request; empty where none did."""
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    key = bearer.strip() if scheme.lower() in ("bearer", "token") else headers.get("x-api-key", "")
    return key or key_of(subprotocols(headers))


def subprotocols(headers: Mapping[str, str]) -> list[str]:
    """What a WebSocket's client offers to speak, in order."""
    return [one.strip() for one in headers.get("sec-websocket-protocol", "").split(",") if one.strip()]


def key_of(offered: Sequence[str]) -> str:
    """The key among subprotocols: behind OpenAI's prefix, or after `token`, as Deepgram has it. Empty where there is none."""
    behind = [one.removeprefix(OPENAI_PREFIX) for one in offered if one.startswith(OPENAI_PREFIX)]
    if behind:
        return behind[0]
    return offered[1] if len(offered) > 1 and offered[0] == "token" else ""


def keys_of(file: Path | None) -> Keys:
    """Those of a file, one a line, and of TRANSCRIPTION_API_KEYS. Raises ValueError where there should be some and are none."""
    found = os.environ.get(ENV_API_KEYS, "").replace(",", " ").split()
    if ENV_API_KEYS in os.environ and not found:
        raise ValueError(f"{ENV_API_KEYS} is set and holds no key: set one, or unset it to serve everybody")
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"--api-keys-file {file} cannot be read: {error}") from None
        of_file = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
        if not of_file:
            raise ValueError(f"--api-keys-file {file} holds no key")
        found += of_file
    return Keys(found)


def _hashed(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
