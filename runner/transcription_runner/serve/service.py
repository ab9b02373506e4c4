"""What the routes share: one engine, its places and bounds, and the way of a request through them."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from transcription_api.runner_config import Recipe
from transcription_runner.engine.engine import Engine
from transcription_runner.serve.jobs.jobs import Jobs
from transcription_runner.serve.keys import Keys
from transcription_runner.serve.live.streams import Streams
from transcription_runner.serve.metrics import Metrics
from transcription_runner.serve.places import Places
from transcription_runner.serve.rates import Rate
from transcription_runner.serve.refusals import LONGEST_NAME, Refusal
from transcription_runner.serve.served import Served
from transcription_runner.serve.uploads import Scratch, Upload, received

BEARER = HTTPBearer(auto_error=False, description="One of the service's API keys, where it has any.")


@dataclass(frozen=True)
class Service:
    """What one process serves."""

    engine: Engine
    served: Served
    keys: Keys
    places: Places
    scratch: Scratch
    most_bytes: int
    """Of one upload."""
    metrics: Metrics
    streams: Streams
    longest_seconds: float
    """Of one recording, or stream."""
    jobs: Jobs | None = None
    """Where there are some."""
    rate: Rate = field(default_factory=Rate)
    origins: Sequence[str] = ()
    """Whose pages may ask, beside the service's own."""

    async def admitted(self, request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]) -> None:
        """A dependency of every route that works. Raises Refusal (InvalidKey)."""
        self.keys.check(request.headers)

    @asynccontextmanager
    async def upload(self, request: Request, recipe: Recipe | None = None) -> AsyncIterator[Upload]:
        """A place, and in it the request's upload. A recipe that is known before is looked at first: what cannot be done is
        refused before the sound comes.

        Raises Refusal, ConfigurationError, ClientDisconnect.
        """
        with self.place(request):
            if recipe is not None:
                await self.prepare(recipe)
            async with received(request, self.scratch, self.most_bytes) as upload:
                request.state.figures.uploaded(upload.size)
                yield upload

    @contextmanager
    def place(self, request: Request) -> Iterator[None]:
        """A place for a request that works. Raises Refusal (TooManyRequests)."""
        client = self.keys.client(request)
        self.rate.ask(client)
        with self.places.place(client):
            yield

    async def prepare(self, recipe: Recipe) -> None:
        """Look whether a recipe can be carried out. Raises ConfigurationError."""
        await run_in_threadpool(self.engine.prepare, recipe)


def misplaced(fields: Mapping[str, object]) -> Refusal:
    """Parameters in the form would be overlooked in silence."""
    names = ", ".join(name[:LONGEST_NAME] for name in list(fields)[:5])
    return Refusal(422, "InvalidForm", f"the form has {names} beside the file: parameters stand in the address, ?NAME=VALUE")
