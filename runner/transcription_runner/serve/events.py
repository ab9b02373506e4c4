"""A transcript as server-sent events while it is recognised, as OpenAI's API streams it: text in order of time, then the whole.

The engine's pieces come in the order in which they are done; a piece waits here for those before it. What goes wrong once the
answer has begun can have no status any more: it is an event with the error's body.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from transcription_api.transcript import Transcript
from transcription_runner.engine.engine import Engine
from transcription_runner.engine.work import Piece, Work
from transcription_runner.errors import TranscriptionError
from transcription_runner.serve.figures import Figures
from transcription_runner.serve.openai_answers import between, text_of, usage_of
from transcription_runner.serve.refusals import internal, refusal_of
from transcription_runner.serve.transcribing import transcribed

SILENCE_SECONDS = 15.0
"""After so long without an event a comment is sent, lest something between takes the connection for dead."""
COMMENT = b": at work\n\n"


class EventStream(StreamingResponse):
    """An answer of events, with what they hold: it is given back at the end, whatever the end is."""

    media_type = "text/event-stream"

    def __init__(self, content: AsyncIterator[bytes], held: AsyncExitStack) -> None:
        super().__init__(content, headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application. Whoever makes the events listens for the client to hang up, so nobody else does."""
        async with self._held:
            await self.stream_response(send)


class InOrder:
    """Texts of pieces, each once those before it are there."""

    def __init__(self) -> None:
        self._waiting: dict[int, Piece] = {}
        self._next, self._begun = 0, False

    def texts(self, piece: Piece) -> list[str]:
        """What can be told now; joined, all texts are those of the whole transcript."""
        self._waiting[piece.index] = piece
        told = []
        while (ready := self._waiting.pop(self._next, None)) is not None:
            self._next += 1
            if text := text_of(ready.segments, ready.language):
                told.append(between(ready.language) + text if self._begun else text)
                self._begun = True
        return told


class _Watching:
    """Hands pieces from the engine's threads to the loop; counts as Figures do."""

    def __init__(self, figures: Figures, pieces: "asyncio.Queue[Piece | None]") -> None:
        self._figures, self._pieces, self._loop = figures, pieces, asyncio.get_running_loop()

    def opened(self, work: Work, seconds: float) -> None:
        """See Watch."""
        self._figures.opened(work, seconds)

    def heard(self, work: Work, seconds: float) -> None:
        """See Watch."""

    def piece(self, work: Work, piece: Piece) -> None:
        """See Watch."""
        self._loop.call_soon_threadsafe(self._pieces.put_nowait, piece)


async def events(request: Request, engine: Engine, work: Work) -> AsyncIterator[bytes]:
    """The events of one work. Closing the iterator cancels the work."""
    figures: Figures = request.state.figures
    pieces: asyncio.Queue[Piece | None] = asyncio.Queue()
    task = asyncio.ensure_future(transcribed(request, engine, work, _Watching(figures, pieces)))
    task.add_done_callback(lambda _: pieces.put_nowait(None))
    in_order = InOrder()
    try:
        while True:
            try:
                piece = await asyncio.wait_for(pieces.get(), SILENCE_SECONDS)
            except TimeoutError:
                yield COMMENT
                continue
            if piece is None:
                break
            for text in in_order.texts(piece):
                yield _event({"type": "transcript.text.delta", "delta": text})
        yield _event(_done(task.result()))
    except ClientDisconnect:
        figures.hung_up = True
    except TranscriptionError as error:
        yield _event(refusal_of(error).body())
    except Exception:
        yield _event(internal().body())
        raise
    finally:
        task.cancel()


def _done(transcript: Transcript) -> dict[str, Any]:
    text = text_of(transcript.segments, transcript.language)
    return {"type": "transcript.text.done", "text": text, "usage": usage_of(transcript)}


def _event(content: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n".encode()
