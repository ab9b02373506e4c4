"""From apply to Job on an idle system, one job at a time: how much longer than the plain client needs for the same?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from ..measuring import Measured
from .api import Api
from .bursts import finished_by_plain_client, learned, names
from .objects import Document, Template, transcription_job, transcription_jobs
from .place import emptied, namespaces, operator
from .seen import Seen, watched_jobs

_PAIRS = 100
_PAUSE = 0.4
_LONGEST = 60.0


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent are not above."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * int(percent) // 100) - 1)]


def above(ours: Sequence[float], plain: Sequence[float], percent: float) -> float:
    """How far a percentile of ours lies above the same of the plain client's, in milliseconds."""
    return (percentile(ours, percent) - percentile(plain, percent)) * 1000


def measured(scale: float, folder: Path, say: Callable[[str], None]) -> Measured:
    """By turns. The jobs are suspended ones: their Jobs have no pods, so that the system is idle again at once."""
    pairs = max(10, int(_PAIRS * scale))
    with namespaces(2) as (served, unserved), operator(folder, [served], served):
        ours, plain = asyncio.run(_by_turns(pairs, served, unserved))
    for title, times in (("operator", ours), ("plain client", plain)):
        say(f"{title}: " + ", ".join(f"p{p} {percentile(times, p) * 1000:.0f} ms" for p in (50, 90, 99)))
    detail = {"pairs": pairs, "ours_ms": [round(t * 1000, 1) for t in ours], "plain_ms": [round(t * 1000, 1) for t in plain]}
    return {"latency_p50_ms": above(ours, plain, 50), "latency_p99_ms": above(ours, plain, 99)}, detail


async def _by_turns(pairs: int, served: str, unserved: str) -> tuple[list[float], list[float]]:
    ours: list[float] = []
    plain: list[float] = []
    async with await Api.connect() as api:
        like = await learned(api, served, suspend=True)
        await emptied(api, served)
        async with watched_jobs(api, served) as seen_ours, watched_jobs(api, unserved) as seen_plain:
            for name in names(pairs):
                ours.append(await _until_job(api, served, name, seen_ours, _leave_it))
                await asyncio.sleep(_PAUSE)
                plain.append(await _until_job(api, unserved, name, seen_plain, _finishing(api, unserved, like)))
                await asyncio.sleep(_PAUSE)
    return ours, plain


async def _until_job(api: Api, namespace: str, name: str, seen: Seen, then: Callable[[Document], Awaitable[None]]) -> float:
    began = time.monotonic()
    await then(await api.create(transcription_jobs(namespace), transcription_job(name, suspend=True)))
    return await seen.until({name}, _LONGEST) - began


async def _leave_it(owner: Document) -> None:
    """To the operator."""


def _finishing(api: Api, namespace: str, like: Template) -> Callable[[Document], Awaitable[None]]:
    async def finish(owner: Document) -> None:
        await finished_by_plain_client(api, namespace, owner, like)

    return finish
