"""One team applies 5,000 jobs: how much longer does a single job of another team wait for its Job than on an idle system?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from ..measuring import Measured
from .api import Api, each
from .bursts import CONCURRENCY, names
from .objects import LASTING, transcription_job, transcription_jobs
from .place import namespaces, operator
from .seen import Seen, watched_jobs

_JOBS = 5000
_QUIET = 5
_MOMENTS = (0.25, 0.5, 0.75, 1.0)
_LONGEST = 600.0


def delay(idle: list[float], crowded: list[float]) -> float:
    """The longest wait in the crowd, less the median wait on an idle system."""
    return max(crowded) - median(idle)


def measured(scale: float, folder: Path, say: Callable[[str], None]) -> Measured:
    """The other job comes when a quarter, half, three quarters and all of the 5,000 were applied; the longest wait counts."""
    count = max(40, int(_JOBS * scale))
    with namespaces(2) as (crowd, other), operator(folder, [crowd, other], crowd):
        idle, crowded = asyncio.run(_waits(count, crowd, other, say))
    detail: dict[str, Any] = {"jobs": count, "concurrency": CONCURRENCY, "idle_s": [round(one, 3) for one in idle]}
    detail["crowded_s"] = [{key: round(value, 3) for key, value in one.items()} for one in crowded]
    return {"other_namespace_delay_s": delay(idle, [one["waited"] for one in crowded])}, detail


async def _waits(count: int, crowd: str, other: str, say: Callable[[str], None]) -> tuple[list[float], list[dict[str, float]]]:
    crowded: list[dict[str, float]] = []
    wanted = names(count)
    applied = 0
    async with (
        await Api.connect() as api,
        watched_jobs(api, crowd) as seen_crowd,
        watched_jobs(api, other) as seen,
        asyncio.TaskGroup() as tasks,
    ):
        idle = []
        for name in names(_QUIET, "quiet"):
            idle.append(await _wait(api, other, name, seen))
            await asyncio.sleep(2.0)

        async def other_comes(share: float) -> None:
            backlog = applied - len(seen_crowd.at)
            waited = await _wait(api, other, f"other-{share * 100:.0f}", seen)
            crowded.append({"applied": applied, "backlog": backlog, "waited": waited})
            say(f"with {backlog} of {count} jobs waiting, another team's Job came after {waited:.2f} s")

        async def apply(name: str) -> None:
            nonlocal applied
            await api.create(transcription_jobs(crowd), transcription_job(name, LASTING))
            applied += 1
            for share in _MOMENTS:
                if applied == int(count * share):
                    tasks.create_task(other_comes(share))

        await each(wanted, apply, CONCURRENCY)
    return idle, crowded


async def _wait(api: Api, namespace: str, name: str, seen: Seen) -> float:
    began = time.monotonic()
    await api.create(transcription_jobs(namespace), transcription_job(name, LASTING))
    return await seen.until({name}, _LONGEST) - began
