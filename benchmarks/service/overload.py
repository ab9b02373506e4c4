"""Ten times as many requests as the service can do, for two minutes, whether or not it keeps up; and how soon it is itself again.

How much it can do is measured just before: short files a second, from as many clients at once as it has places.
`overload_errors`: requests that got neither a transcript nor a 429 within their time, those that look for its recovery included.
`recovery_seconds`: from the moment that the last of the flood was sent, until a single request of 5 s was answered in at most 1.5
times what it took before; what the flood has left in work belongs to it.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from statistics import median
from typing import Any

from transcription_runner.serve.command import PLACES

from ..measuring import Measured
from ..runner.real import setting
from . import sounds
from .answers import REFUSED, TRANSCRIBED, Answer, errors, outcomes, spread, transcribed, word_error_rate
from .client import asked, connected
from .load import Send, at_random, by_the_clock, crowd
from .server import Server, running, service_command
from .sounds import Sound

TIMES = 10
SECONDS = 120.0
LIMIT_SECONDS = 60.0
"""The time that a request has: as much as usual proxies wait for an answer."""
SLOWER = 1.5
BEFORE = 10
"""Single requests whose median is what one takes before the flood."""
LOOK_SECONDS = 0.5
"""Between two requests that look for the recovery."""
PATIENCE_SECONDS = 300.0
SAMPLE_SECONDS = 0.5
SEED = 20_261_201


def measured(parts: Sequence[str], rounds: int, say: Callable[[str], None]) -> dict[str, Measured]:
    """The figures and the detail of the one part; it is no ratio of sides, so it has one round."""
    chosen, files, probe = setting(), sounds.short(), sounds.five_seconds()[0]
    with running("service", service_command(chosen)) as server:
        figures, detail = asyncio.run(_measured(server, files, probe, say))
    detail |= {"setting": asdict(chosen), "load_average_after": [round(load, 2) for load in os.getloadavg()]}
    return dict.fromkeys(parts, (figures, detail))


async def _measured(server: Server, files: Sequence[Sound], probe: Sound, say: Callable[[str], None]) -> Measured:
    async with connected(server.address) as client, _memory(server) as memory:
        patient, hurried = partial(asked, client), partial(asked, client, limit=LIMIT_SECONDS)
        at_once = PLACES[setting().device]
        await crowd(patient, files[:at_once], at_once)  # libraries and memory get ready
        wall, answers = await crowd(patient, files, at_once)
        rate = len(transcribed(answers)) / wall
        before = median(answer.seconds for answer in transcribed([await patient(probe) for _ in range(BEFORE)]))
        moments = at_random(TIMES * rate, SECONDS, random.Random(SEED))
        flood = random.Random(SEED).choices(files, k=len(moments))
        resident = memory[-1]
        say(f"{rate:.2f} files a second, {before:.2f} s for one of 5 s; now {len(moments)} files in {SECONDS:.0f} s")
        began, cpu = time.monotonic(), time.process_time()
        async with asyncio.TaskGroup() as group:
            tasks = await by_the_clock(group, hurried, zip(moments, flood, strict=True))
            last, cpu = time.monotonic(), time.process_time() - cpu
            recovery, probes = await recovered(hurried, probe, before)
        found = [task.result() for task in tasks]
        say(f"{outcomes(found)}; recovered after {recovery} s")
        after = memory[-1]
    if recovery is None:
        told = f"{outcomes(probes)}, {spread(probes)}"
        raise RuntimeError(f"the service was not itself again after {PATIENCE_SECONDS:.0f} s: {told}")
    late = max(answer.sent - began - moment for answer, moment in zip(found, moments, strict=True))
    good = [answer for answer in found if answer.outcome == TRANSCRIBED]
    detail: dict[str, Any] = {
        "files_a_second_before": round(rate, 3),
        "files_a_second_sent": round(len(found) / SECONDS, 3),
        "files_a_second_answered": round(sum(answer.ended <= last for answer in good) / (last - began), 3),
        "outcomes": outcomes(found),
        "limit_seconds": LIMIT_SECONDS,
        "seconds_of_transcripts": spread(good),
        "seconds_of_refusals": spread([answer for answer in found if answer.outcome == REFUSED]),
        "wer_before": word_error_rate(answers),
        "wer": word_error_rate(good) if good else None,
        "seconds_of_5_s_before": round(before, 3),
        "seconds_of_5_s_after": [[answer.outcome, round(answer.seconds, 3)] for answer in probes],
        "seconds_until_the_flood_was_answered": round(max(answer.ended for answer in found) - last, 2),
        "latest_sent_seconds": round(late, 3),
        "cpu_seconds_of_the_clients": round(cpu, 1),
        "resident_mb": {"before": resident, "peak": max(memory), "after": after},
    }
    return {"overload_errors": errors([*found, *probes]), "recovery_seconds": recovery}, detail


async def recovered(send: Send, probe: Sound, before: float) -> tuple[float | None, list[Answer]]:
    """Seconds until a single request was answered in at most SLOWER times `before` seconds, and all that were sent to see it.

    None when that did not come within PATIENCE_SECONDS.
    """
    began, probes = time.monotonic(), list[Answer]()
    while time.monotonic() < began + PATIENCE_SECONDS:
        probes.append(await send(probe))
        if probes[-1].outcome == TRANSCRIBED and probes[-1].seconds <= SLOWER * before:
            return time.monotonic() - began, probes
        await asyncio.sleep(LOOK_SECONDS)
    return None, probes


@asynccontextmanager
async def _memory(server: Server) -> AsyncIterator[list[int]]:
    """Resident memory in MB, in samples that go on while the block runs; there is one from the start."""
    samples = [round(server.resident_bytes() / 1e6)]

    async def look() -> None:
        while True:
            await asyncio.sleep(SAMPLE_SECONDS)
            samples.append(round(server.resident_bytes() / 1e6))

    task = asyncio.create_task(look())
    try:
        yield samples
    finally:
        task.cancel()
