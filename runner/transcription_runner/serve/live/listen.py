"""`/v1/listen`: Deepgram's live API. Sound in binary messages, control in text, results as they become certain."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator

from starlette.websockets import WebSocket

from transcription_runner.engine.decoding.streaming import Samples
from transcription_runner.errors import FileError
from transcription_runner.serve.keys import subprotocols
from transcription_runner.serve.live.backlog import Mark
from transcription_runner.serve.live.container import Container, decoding
from transcription_runner.serve.live.happenings import Ended, Happening
from transcription_runner.serve.live.listen_messages import (
    LAWS,
    VTT_HEADER,
    Event,
    Parameters,
    Told,
    cues_of,
    error_of,
    parameters_of,
)
from transcription_runner.serve.live.opened import Opened
from transcription_runner.serve.live.session import admitted, held, received
from transcription_runner.serve.live.stream import Stream
from transcription_runner.serve.refusals import Refusal, refusal_of
from transcription_runner.serve.service import Service

SUBPROTOCOL = "token"
LAST_SECONDS = 10.0
"""When the service ends: for the last bytes of a container, which are seconds of sound."""


async def listen(websocket: WebSocket, service: Service) -> None:
    """One stream, from its handshake to its end."""
    async with admitted(websocket, service) as ending:
        parameters = parameters_of(websocket.query_params.multi_items())
        service.served.check(parameters.model)
        await service.prepare(parameters.asked().recipe)
        await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in subprotocols(websocket.headers) else None)
        async with Opened(websocket, service, parameters.corrections) as opened:
            await _Listening(opened, service, parameters).run(ending)


class _Listening:
    """A client that was let in."""

    def __init__(self, opened: Opened, service: Service, parameters: Parameters) -> None:
        self._opened, self._service, self._parameters = opened, service, parameters
        self._told = Told(str(uuid.uuid4()), service.served.name, parameters)

    async def run(self, ending: asyncio.Event) -> None:
        """Until its end. Raises WebSocketDisconnect."""
        stream = self._opened.stream(self._parameters.asked(), self._tell)
        if self._parameters.format == "vtt":
            await self._opened.websocket.send_text(VTT_HEADER)
        code = await held(self._opened.websocket, stream, self._read(stream, ending), ending)
        if self._parameters.format == "json":
            await self._send(self._told.metadata(stream.fed_seconds))
        await self._opened.websocket.close(code)

    async def _tell(self, happening: Happening) -> None:
        if self._parameters.format == "json":
            for message in self._told.messages(happening):
                await self._send(message)
        elif isinstance(happening, Ended) and (cues := cues_of(happening.segment)):
            await self._opened.websocket.send_text(cues)

    async def _read(self, stream: Stream, ending: asyncio.Event) -> None:
        """Feed the stream until the client says CloseStream, or nothing for too long. Cancelled when the service ends."""
        if self._parameters.encoding is not None and self._parameters.sample_rate is not None:
            samples = Samples(LAWS[self._parameters.encoding], self._parameters.sample_rate, self._parameters.channels)
            async for content in self._content(stream):
                await stream.feed(samples.heard(content))
            await stream.feed(samples.rest())
            return
        async with decoding(self._service.longest_seconds) as container:
            pumping = asyncio.ensure_future(self._pump(container, stream))
            filling = asyncio.ensure_future(self._fill(container, stream))
            try:
                await asyncio.wait([pumping, filling], return_when=asyncio.FIRST_COMPLETED)
                if filling.done():
                    filling.result()
                    await pumping
            finally:
                filling.cancel()
                if ending.is_set():  # what has come is still decoded
                    container.finish()
                    await asyncio.wait([pumping], timeout=LAST_SECONDS)
                pumping.cancel()
                await asyncio.wait([pumping, filling])

    async def _fill(self, container: Container, stream: Stream) -> None:
        async for content in self._content(stream):
            await container.feed(content)
        container.finish()

    async def _pump(self, container: Container, stream: Stream) -> None:
        try:
            async for sound in container.sounds():
                await stream.feed(sound)
        except FileError as fault:
            await self._send(error_of(refusal_of(fault)))

    async def _content(self, stream: Stream) -> AsyncIterator[bytes]:
        """Sound as it comes; what is said in between is heeded."""
        while stream.fed_seconds < self._service.longest_seconds:
            try:
                message = await received(self._opened.websocket)
            except TimeoutError:
                return
            if isinstance(message, bytes):
                yield message
                continue
            match _control(message):
                case "CloseStream":
                    return
                case "Finalize":
                    await stream.mark(Mark.COMMIT)
                case "KeepAlive":
                    pass
                case _:
                    await self._send(error_of(Refusal(422, "SchemaError", "say KeepAlive, Finalize or CloseStream as JSON")))

    async def _send(self, message: Event) -> None:
        await self._opened.websocket.send_text(json.dumps(message))


def _control(message: str) -> str | None:
    """The type of a control message; None for what is none."""
    try:
        said = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return said.get("type") if isinstance(said, dict) else None
