"""What both protocols have in common: who may open a WebSocket, and how one ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import JSONResponse
from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect

from transcription_runner.errors import TranscriptionError
from transcription_runner.serve.live.stream import Stream
from transcription_runner.serve.refusals import Refusal, refusal_of
from transcription_runner.serve.service import Service

IDLE_SECONDS = 60.0
"""A client that sends nothing for so long, not even that it is there, is not waited for any longer."""
NORMAL, GOING_AWAY = 1000, 1001
"""Codes with which a WebSocket is closed (RFC 6455, 7.4.1)."""


@asynccontextmanager
async def admitted(websocket: WebSocket, service: Service) -> AsyncIterator[asyncio.Event]:
    """A place for a stream, before the WebSocket is accepted; the event says that the service wants to end.

    Whoever is refused gets an answer of HTTP, as on all other routes. The block raises Refusal and TranscriptionError for what is
    asked, but only while it has not accepted.
    """
    try:
        check_origin(websocket, service.origins)
        service.keys.check(websocket.headers)
        client = service.keys.client(websocket)
        service.rate.ask(client)
        with service.streams.place(client) as ending:
            yield ending
    except (Refusal, TranscriptionError) as error:
        refusal = error if isinstance(error, Refusal) else refusal_of(error)
        await websocket.send_denial_response(JSONResponse(refusal.body(), refusal.status, refusal.headers()))


def check_origin(websocket: WebSocket, allowed: Sequence[str] = ()) -> None:
    """A browser lets any page open a WebSocket to anywhere, and says which page it is: our own may, and those that are named.

    Raises Refusal.
    """
    origin = websocket.headers.get("origin")
    if origin is None or origin in allowed:
        return
    if urlsplit(origin).netloc.lower() != websocket.headers.get("host", "").lower():
        raise Refusal(403, "ForeignOrigin", "a page of another address must not open a stream here")


async def held(websocket: WebSocket, stream: Stream, reading: Awaitable[None], ending: asyncio.Event) -> int:
    """Run a stream until its client has said that it ends, or the service wants to end, and all is told; the code to close with.

    `reading` feeds the stream; it ends at the client's word. Raises WebSocketDisconnect when the client goes away, and what the
    stream raises.
    """
    running, fed = asyncio.ensure_future(stream.run()), asyncio.ensure_future(reading)
    asked = asyncio.ensure_future(ending.wait())
    tasks: list[asyncio.Future[Any]] = [running, fed, asked]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        if fed.done():
            fed.result()
        fed.cancel()
        with suppress(asyncio.CancelledError):
            await fed
        await stream.finish()
        gone = asyncio.ensure_future(_gone(websocket))
        tasks.append(gone)
        await asyncio.wait([running, gone], return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            gone.result()
        running.result()
        return GOING_AWAY if asked.done() else NORMAL
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def received(websocket: WebSocket) -> str | bytes:
    """The next message. Raises WebSocketDisconnect; TimeoutError after IDLE_SECONDS without any."""
    async with asyncio.timeout(IDLE_SECONDS):
        message = await _message(websocket)
    text = message.get("text")
    return text if text is not None else message["bytes"] or b""


async def _gone(websocket: WebSocket) -> None:
    """Raises WebSocketDisconnect when the client goes away; what it still sends is not for anybody."""
    while True:
        await _message(websocket)


async def _message(websocket: WebSocket) -> Message:
    """The next one, of whatever kind. Raises WebSocketDisconnect."""
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", NORMAL), message.get("reason"))
    return message
