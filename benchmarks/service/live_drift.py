"""One stream of two hours, sent ten times as fast as it would be spoken, or as fast as the service takes it.

`live_drift_mb`: resident memory in the last tenth less that in the second tenth, means of samples; the first tenth warms up. The
recording is a few conversations over and over: where the first words of each are found, the first time and the last, tells
whether times stay true (in the detail).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import cycle
from statistics import fmean
from typing import Any

import numpy as np

from ..measuring import Measured
from ..runner import natural
from ..runner.real import setting
from .live import Heard, samples_of, streamed
from .server import Server, running, service_command
from .sounds import TWO_HOURS

PACE = 10.0
SAMPLED_SECONDS = 5.0
BEFORE_SECONDS = 0.5
"""A word may be placed a little before its sound."""


def measured(parts: Sequence[str], rounds: int, say: Callable[[str], None]) -> dict[str, Measured]:
    """The figure and the detail of the one part; one round, however many are asked for."""
    chosen, conversations = setting(), natural.long()
    played, starts = [], [0.0]
    for conversation in cycle(conversations):
        if starts[-1] >= TWO_HOURS:
            break
        played.append(samples_of(conversation))
        starts.append(starts[-1] + len(played[-1]) / natural.SAMPLE_RATE)
    with running("service", service_command(chosen)) as server:
        began = time.monotonic()
        heard, memory = asyncio.run(_streamed(server, np.concatenate(played)))
        seconds = time.monotonic() - began
    tenth = max(1, len(memory) // 10)
    growth = fmean(memory[-tenth:]) - fmean(memory[tenth : 2 * tenth])
    say(f"{starts[-1] / seconds:.1f} times as fast as spoken; memory grew by {growth:.0f} MB")
    detail: dict[str, Any] = {
        "setting": asdict(chosen),
        "times_as_fast": round(starts[-1] / seconds, 2),
        "audio_seconds": round(starts[-1]),
        "words": len(heard.words),
        "memory_mb": [round(one) for one in memory[:: max(1, tenth)]],
        "times_differ_by_s": round(differing(heard.times, starts[:-1], len(conversations)), 3),
    }
    return {part: ({"live_drift_mb": growth}, detail) for part in parts}


async def _streamed(server: Server, samples: np.ndarray[Any, np.dtype[np.int16]]) -> tuple[Heard, list[float]]:
    memory: list[float] = []

    async def sample() -> None:
        while True:
            memory.append(server.resident_bytes() / 1e6)
            await asyncio.sleep(SAMPLED_SECONDS)

    sampling = asyncio.create_task(sample())
    try:
        return await streamed(server, samples, PACE), memory
    finally:
        sampling.cancel()


def differing(times: Sequence[float], starts: Sequence[float], conversations: int) -> float:
    """The most by which the first word of a conversation lies elsewhere in it the last time than the first time, in seconds."""
    found = [next((one for one in times if one >= start - BEFORE_SECONDS), float("inf")) - start for start in starts]
    repeated = range(max(0, len(starts) - conversations), len(starts))
    return max((abs(found[last] - found[last % conversations]) for last in repeated), default=0.0)
