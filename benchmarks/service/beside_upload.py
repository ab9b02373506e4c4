"""Somebody waits for 5 s of sound, every 2 s another one, while a recording of two hours is in work on the same service.

`interactive_p95_ratio`: the 95th percentile of these requests' times beside the recording, over that on the idle service; each
round measures both, and the figure is the median of the rounds.

Such a recording is first searched for speech as a whole, and then recognised. Requests come during both, from the first byte of
the upload on; once enough have come during recognition, the recording's client hangs up. It asks for a stream, which tells how
far it is.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice, takewhile
from pathlib import Path
from statistics import median
from typing import Any, BinaryIO

import httpx2

from ..measuring import Measured
from ..runner.real import setting
from . import sounds
from .answers import Answer, p95, spread, transcribed, word_error_rate
from .client import asked, connected
from .load import answered, every
from .server import Server, running, service_command
from .sounds import Sound

EVERY_SECONDS = 2.0
WARMING = 3
IDLE_REQUESTS = 30
REQUESTS = 60
"""While the recording is recognised; as many as there is time for while it is searched, but at most MOST_SEARCHING."""
MOST_SEARCHING = 300
FORM = {"model": "whisper-1", "language": "en", "response_format": "json", "stream": "true"}


class Upload:
    """A recording on its way through the service, from now until it is over or its client hangs up."""

    def __init__(self, client: httpx2.AsyncClient, recording: Path) -> None:
        """To be made where a loop runs."""
        self.pieces = 0
        """Stretches of text that have come back; as long as there is none, speech is still looked for."""
        self._last = ""
        self._task = asyncio.create_task(self._sent(client, recording.name, recording.open("rb")))

    async def _sent(self, client: httpx2.AsyncClient, name: str, recording: BinaryIO) -> None:
        with recording:
            form = {"file": (name, recording)}
            async with client.stream("POST", "/v1/audio/transcriptions", data=FORM, files=form) as answer:
                async for line in answer.aiter_lines():
                    self.pieces += '"transcript.text.delta"' in line
                    self._last = line or self._last

    @property
    def in_work(self) -> bool:
        """Whether it is not over."""
        return not self._task.done()

    def check(self) -> None:
        """Raises RuntimeError if it is over: it was not in work all the time that was measured."""
        if not self.in_work:
            raise RuntimeError(f"the recording was over while it was watched: {self._task.exception() or self._last[:300]}")

    async def hang_up(self) -> None:
        """Nobody waits for it any more."""
        self._task.cancel()
        await asyncio.wait([self._task])


@dataclass(frozen=True)
class Round:
    """The requests of one round: before the recording, while speech is looked for in it, while it is recognised."""

    idle: list[Answer]
    searched: list[Answer]
    recognised: list[Answer]
    pieces: int
    """Stretches of text of the recording that had come back at the end."""

    @property
    def ratio(self) -> float:
        """The 95th percentile beside the recording over that without."""
        return p95([*self.searched, *self.recognised]) / p95(self.idle)


def measured(parts: Sequence[str], rounds: int, say: Callable[[str], None]) -> dict[str, Measured]:
    """The figure and the detail of the one part."""
    chosen, sentences = setting(), sounds.five_seconds()
    with tempfile.TemporaryDirectory() as folder, running("service", service_command(chosen)) as server:
        recording = sounds.two_hours(Path(folder))
        found = asyncio.run(_rounds(server, rounds, sentences, recording, say))
        resident = round(server.resident_bytes() / 1e6)
    detail = explained(found) | {
        "setting": asdict(chosen),
        "rounds": rounds,
        "resident_mb_at_the_end": resident,
        "load_average_after": [round(load, 2) for load in os.getloadavg()],
    }
    return {part: ({"interactive_p95_ratio": median(one.ratio for one in found)}, detail) for part in parts}


def explained(rounds: Sequence[Round]) -> dict[str, Any]:
    """Times and words of all rounds."""
    stretches = {
        "idle": [one.idle for one in rounds],
        "beside_its_search_for_speech": [one.searched for one in rounds],
        "beside_its_recognition": [one.recognised for one in rounds],
    }
    return {
        "p95_ratios": [round(one.ratio, 3) for one in rounds],
        "texts_of_the_recording": [one.pieces for one in rounds],
    } | {
        name: {
            "requests": [len(answers) for answers in of_rounds],
            "seconds": [spread(answers) for answers in of_rounds],
            "wer": word_error_rate([answer for answers in of_rounds for answer in answers]),
        }
        for name, of_rounds in stretches.items()
    }


async def _rounds(
    server: Server, rounds: int, sentences: Sequence[Sound], recording: Path, say: Callable[[str], None]
) -> list[Round]:
    found: list[Round] = []
    async with connected(server.address) as client:
        for number in range(rounds):
            one = await _round(client, sentences, recording)
            found.append(one)
            say(
                f"round {number + 1} of {rounds}: 95% of requests within {p95(one.idle):.2f} s alone, "
                f"{p95(one.searched):.2f} s beside the search, {p95(one.recognised):.2f} s beside recognition"
            )
    return found


async def _round(client: httpx2.AsyncClient, sentences: Sequence[Sound], recording: Path) -> Round:
    async def stretch(most: int, going_on: Callable[[], bool] = lambda: True) -> list[Answer]:
        arrivals = takewhile(lambda _: going_on(), islice(every(EVERY_SECONDS, sentences), most))
        return transcribed(await answered(partial(asked, client), arrivals))

    await stretch(WARMING)  # the first of all, and what the recording of the round before has left in work
    idle = await stretch(IDLE_REQUESTS)
    async with _uploaded(client, recording) as upload:
        searched = await stretch(MOST_SEARCHING, lambda: upload.in_work and not upload.pieces)
        upload.check()
        if not upload.pieces:
            raise RuntimeError(f"the recording was not recognised within {MOST_SEARCHING * EVERY_SECONDS:.0f} s")
        recognised = await stretch(REQUESTS, lambda: upload.in_work)
        upload.check()
        return Round(idle, searched, recognised, upload.pieces)


@asynccontextmanager
async def _uploaded(client: httpx2.AsyncClient, recording: Path) -> AsyncIterator[Upload]:
    """The recording in work while the block runs."""
    upload = Upload(client, recording)
    try:
        yield upload
    finally:
        await upload.hang_up()
