"""A job as server-sent events: its state at once, anew with each change, until it is over.

A stream ends early when the service is told to stop. Browsers then come back by themselves, to whichever process serves next; the
first event tells them everything, since each has the whole state.
"""

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.requests import Request

from transcription_runner.serve.events import COMMENT
from transcription_runner.serve.jobs.jobs import Jobs
from transcription_runner.serve.jobs.state import Job, JobState, deleted
from transcription_runner.serve.refusals import Refusal, internal

TICK_SECONDS = 0.5
"""So soon it is seen that the client is gone, or that the service ends."""
PACE_SECONDS = 1.0
"""A job is looked at once in so long, however often it changes."""


async def job_events(request: Request, jobs: Jobs, job: Job, state: JobState) -> AsyncIterator[bytes]:
    """The events, from a state that was just looked up. An outage of the API server is waited out; the stream goes on."""
    yield _event(state.model_dump_json())
    while not state.over:
        change = asyncio.ensure_future(jobs.change(job))
        try:
            if await _left_alone(request, jobs, change):
                return
            change.result()
            await asyncio.sleep(PACE_SECONDS)
            job = await jobs.job(job.name, job.owner)
            seen = await jobs.state(job)
        except Refusal as refusal:
            if refusal.status == 503:
                await asyncio.sleep(PACE_SECONDS)
                yield COMMENT
                continue
            if refusal.status != 404:
                yield _event(_error(refusal))
                return
            seen = deleted(state)
        except Exception:
            yield _event(_error(internal()))
            raise
        finally:
            change.cancel()
        yield COMMENT if seen == state else _event(seen.model_dump_json())
        state = seen


async def _left_alone(request: Request, jobs: Jobs, change: "asyncio.Future[None]") -> bool:
    """Wait for the change. Whether there is no use in going on: nobody listens any more, or the service ends."""
    while not change.done():
        await asyncio.wait({change}, timeout=TICK_SECONDS)
        if await request.is_disconnected():
            request.state.figures.hung_up = True
            return True
        if jobs.ending():
            return True
    return False


def _event(content: str) -> bytes:
    return f"data: {content}\n\n".encode()


def _error(refusal: Refusal) -> str:
    return json.dumps(refusal.body(), ensure_ascii=False)
