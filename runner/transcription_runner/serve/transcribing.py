"""One request through the engine: while it waits, it listens for the client to hang up, which frees its place in the engine."""

import asyncio
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from transcription_api.runner_config import Recipe
from transcription_api.transcript import SourceObject, Transcript
from transcription_runner.engine.engine import Engine
from transcription_runner.engine.work import Lane, Watch, Work
from transcription_runner.serve.uploads import Upload

LONG_BYTES = 16 << 20
"""An upload from this size on is taken for a recording of which nobody awaits every second: it goes behind shorter ones, in the
lane that keeps a share of the device. 16 MiB are 9 minutes of plain WAV at 16 kHz, or an hour and a half at 24 kbit/s."""


def lane_of(size: int) -> Lane:
    """Who goes first, by the upload's size: how long it lasts is known only when it is decoded."""
    return Lane.BULK if size >= LONG_BYTES else Lane.INTERACTIVE


def work_of(upload: Upload, recipe: Recipe, client: str) -> Work:
    """What the engine is asked, and by whom."""
    return Work(Path(upload.path), recipe, SourceObject(key=upload.name), lane=lane_of(upload.size), client=client)


async def transcribed(request: Request, engine: Engine, work: Work, watch: Watch | None = None) -> Transcript:
    """The transcript of a work, whose upload has been read whole. `watch`: the request's figures, unless told otherwise.

    Raises ClientDisconnect when the client hangs up first, and what the engine raises: TranscriptionError.
    """
    future = await run_in_threadpool(engine.submit, work, watch or request.state.figures)
    answer = asyncio.ensure_future(asyncio.wrap_future(future))
    gone = asyncio.ensure_future(_hang_up(request))
    awaited: set[asyncio.Future[Any]] = {answer, gone}
    try:
        await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return answer.result()
        raise ClientDisconnect
    finally:
        gone.cancel()
        if not future.done():  # cancelling takes the engine's locks, for which the loop does not wait
            asyncio.get_running_loop().run_in_executor(None, future.cancel)


async def _hang_up(request: Request) -> None:
    """Returns when the client is gone: after the whole body, nothing else can come from it."""
    while (await request.receive())["type"] != "http.disconnect":
        continue
