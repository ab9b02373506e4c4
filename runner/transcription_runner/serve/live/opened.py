"""A WebSocket that was accepted: its stream, what it keeps meanwhile, and what is counted of it."""

import errno
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from starlette.websockets import WebSocket, WebSocketDisconnect

from transcription_runner.errors import DeviceError
from transcription_runner.serve.figures import Figures
from transcription_runner.serve.live.agreement import LiveWord
from transcription_runner.serve.live.happenings import Committed, Ended, Happening
from transcription_runner.serve.live.recording import Recording
from transcription_runner.serve.live.stream import Asked, Stream
from transcription_runner.serve.refusals import Refusal, internal, refusal_of
from transcription_runner.serve.service import Service

log = logging.getLogger(__name__)

FAULT = 1011
"""The code with which a WebSocket is closed that cannot be served any further (RFC 6455, 7.4.1)."""
FULL = (errno.ENOSPC, errno.EDQUOT)


class Opened:
    """An asynchronous context manager: whatever ends it, nothing is left of it."""

    def __init__(self, websocket: WebSocket, service: Service, corrections: bool) -> None:
        self.websocket = websocket
        self._service = service
        self._recording = Recording(service.scratch) if corrections else None
        self._stream: Stream | None = None
        self._figures: Figures = websocket.state.figures

    def stream(self, asked: Asked, tell: Callable[[Happening], Awaitable[None]]) -> Stream:
        """The one stream of this WebSocket, which tells `tell`."""

        async def counted(happening: Happening) -> None:
            words: list[LiveWord] = happening.words if isinstance(happening, Committed | Ended) else []
            for word in words:
                self._service.metrics.delay.observe(max(0.0, stream.fed_seconds - word.end))
            await tell(happening)

        client = self._service.keys.client(self.websocket)
        self._stream = stream = Stream(self._service.engine, asked, counted, self._service.scratch, self._recording, client)
        return stream

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        """A client ends its stream by going away. A dead device (of which the probes speak) and a full disk are its reason."""
        if self._recording is not None:
            self._recording.close()
        if self._stream is not None:
            self._stream.close()
            self._figures.audio_seconds = self._stream.fed_seconds
            self._service.metrics.streamed.inc(self._stream.fed_seconds)
        if isinstance(error, WebSocketDisconnect):
            return True
        if not isinstance(error, Exception):
            return False
        refusal = _told(error)
        with suppress(WebSocketDisconnect, RuntimeError):  # it may be closed already
            await self.websocket.close(FAULT, f"{refusal.code}: {refusal.message}")
        if refusal.status == 500:
            return False
        log.warning("a stream ended: %s", error)
        return True


def _told(error: Exception) -> Refusal:
    """What a client is told of why its stream ends: 123 bytes at most, a frame has no more room."""
    if isinstance(error, DeviceError):
        return refusal_of(error)
    if isinstance(error, OSError) and error.errno in FULL:
        return Refusal(503, "ScratchFull", "the scratch folder has no room for more sound; connect again later")
    return internal()
