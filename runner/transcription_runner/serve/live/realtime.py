"""`/v1/realtime?intent=transcription`: OpenAI's realtime API, as far as it transcribes."""

import asyncio
import base64
import binascii
import json

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket

from transcription_runner.engine.decoding.streaming import Samples
from transcription_runner.errors import ConfigurationError
from transcription_runner.serve.keys import subprotocols
from transcription_runner.serve.live.backlog import Mark
from transcription_runner.serve.live.happenings import Happening
from transcription_runner.serve.live.opened import Opened
from transcription_runner.serve.live.realtime_messages import (
    Append,
    Clear,
    Commit,
    Event,
    Session,
    SessionUpdate,
    Told,
    message_of,
    updated,
)
from transcription_runner.serve.live.session import admitted, held, received
from transcription_runner.serve.live.stream import Stream
from transcription_runner.serve.refusals import Refusal, refusal_of
from transcription_runner.serve.service import Service

SUBPROTOCOL = "realtime"
PARAMETERS = ("intent", "model", "corrections")


async def realtime(websocket: WebSocket, service: Service) -> None:
    """One session, from its handshake to its end."""
    async with admitted(websocket, service) as ending:
        parameters = dict(websocket.query_params)
        _check(parameters, service)
        offered = subprotocols(websocket.headers)
        await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
        async with Opened(websocket, service, corrections=parameters.get("corrections") == "true") as opened:
            await _Session(opened, service).run(ending)


def _check(parameters: dict[str, str], service: Service) -> None:
    """Raises Refusal."""
    for name, value in parameters.items():
        if name not in PARAMETERS:
            raise Refusal(422, "InvalidParameter", f"there is no parameter {name[:50]!r}", name[:50], PARAMETERS)
        if name == "corrections" and value not in ("true", "false"):
            raise Refusal(422, "InvalidParameter", "corrections must be true or false", name, ("true", "false"))
    if parameters.get("intent") != "transcription":
        raise Refusal(422, "InvalidParameter", "this service transcribes: say intent=transcription", "intent", ("transcription",))
    service.served.check(parameters.get("model"))


class _Session:
    """A client that was let in."""

    def __init__(self, opened: Opened, service: Service) -> None:
        self._opened, self._service, self._told = opened, service, Told()
        self._session = Session()
        self._samples: Samples | None = None
        self._uncommitted = 0
        """Bytes of sound since the last commit."""

    async def run(self, ending: asyncio.Event) -> None:
        """Until its end. Raises WebSocketDisconnect."""
        await self._send(self._created("session.created"))
        stream = self._opened.stream(self._session.asked(), self._tell)
        await self._opened.websocket.close(await held(self._opened.websocket, stream, self._read(stream), ending))

    async def _tell(self, happening: Happening) -> None:
        for event in self._told.events(happening):
            await self._send(event)

    async def _read(self, stream: Stream) -> None:
        """What the client says, until it has said nothing for too long, or all that it may."""
        while stream.fed_seconds < self._service.longest_seconds:
            try:
                text = await received(self._opened.websocket)
            except TimeoutError:
                await self._send(self._told.error(Refusal(408, "Idle", "nothing came for too long; the session ends")))
                return
            event_id = None
            try:
                message = message_of(text)
                event_id = message.event_id
                await self._heard(stream, message)
            except Refusal as refusal:
                await self._send(self._told.error(refusal, event_id))

    async def _heard(self, stream: Stream, message: SessionUpdate | Append | Commit | Clear) -> None:
        """Raises Refusal."""
        match message:
            case SessionUpdate(session=changes):
                await self._update(stream, changes)
            case Append(audio=encoded):
                sound = self._decoded(encoded)
                self._samples = self._samples or _samples_of(self._session)
                self._uncommitted += len(sound)
                await stream.feed(self._samples.heard(sound))
            case Commit():
                if self._samples is None or self._uncommitted < self._samples.bytes_a_second // 10:
                    raise Refusal(422, "input_audio_buffer_commit_empty", "less than 100 ms of sound came since the last commit")
                self._uncommitted = 0
                await stream.mark(Mark.COMMIT)
            case Clear():
                self._uncommitted = 0
                await stream.mark(Mark.CLEAR)
                await self._send(self._told.cleared())

    async def _update(self, stream: Stream, changes: dict[str, object]) -> None:
        if self._samples is not None:
            raise Refusal(422, "SessionBegun", "a session cannot be changed once sound has come: open another one", "session")
        session = updated(self._session, changes)
        self._service.served.check(session.audio.input.transcription.model)
        asked = session.asked()
        try:
            await run_in_threadpool(self._service.engine.prepare, asked.recipe)
        except ConfigurationError as error:
            raise refusal_of(error) from None
        self._session = session
        stream.ask(asked)
        await self._send(self._created("session.updated"))

    def _decoded(self, encoded: str) -> bytes:
        try:
            return base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise Refusal(422, "InvalidMessage", "audio: this is not base64", "audio") from None

    def _created(self, kind: str) -> Event:
        return self._told.session(kind, self._session, self._service.served.name)

    async def _send(self, event: Event) -> None:
        await self._opened.websocket.send_text(json.dumps(event))


def _samples_of(session: Session) -> Samples:
    form = session.audio.input.format
    return Samples(form.law, form.samples_a_second)
