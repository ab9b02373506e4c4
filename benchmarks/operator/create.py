"""1,000 jobs applied at once, beside a plain client that makes the same objects; and whether 5,000 take longer each than 500."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from ..measuring import Measured
from .api import Api
from .bursts import CONCURRENCY, Burst, by_operator, by_plain_client, learned, names
from .place import emptied, namespaces, operator
from .usage import wait_until_quiet

Say = Callable[[str], None]

_JOBS, _FEW, _MANY = 1000, 500, 5000


def ratio(ours: list[Burst], plain: list[Burst]) -> float:
    """Median time of the operator's bursts over that of the plain client's."""
    return median(one.seconds for one in ours) / median(one.seconds for one in plain)


def time_per_job_ratio(few: list[Burst], number_of_few: int, many: list[Burst], number_of_many: int) -> float:
    """Time for each job when there are many, over that when there are few."""
    return (median(one.seconds for one in many) / number_of_many) / (median(one.seconds for one in few) / number_of_few)


def measured(scale: float, rounds: int, folder: Path, say: Say) -> Measured:
    """Both sides by turns, in namespaces of the same rights; the operator's process is there in both, idle in one."""
    count = max(20, int(_JOBS * scale))
    with namespaces(2) as (served, unserved), operator(folder, [served], served) as one:
        ours, plain = asyncio.run(_by_turns(count, rounds, served, unserved, one.pid, say))
    detail: dict[str, Any] = {
        "jobs": count,
        "concurrency": CONCURRENCY,
        "ours": [burst.detail() for burst in ours],
        "plain": [burst.detail() for burst in plain],
    }
    return {"create_ratio": ratio(ours, plain)}, detail


async def _by_turns(count: int, rounds: int, served: str, unserved: str, pid: int, say: Say) -> tuple[list[Burst], list[Burst]]:
    ours: list[Burst] = []
    plain: list[Burst] = []
    async with await Api.connect() as api:
        like = await learned(api, served)
        sides = [
            ("operator", ours, served, partial(by_operator, api, served, names(count), pid)),
            ("plain client", plain, unserved, partial(by_plain_client, api, unserved, names(count), like)),
        ]
        await emptied(api, served)
        for index in range(rounds):
            for title, bursts, namespace, measure in sides if index % 2 == 0 else reversed(sides):
                busy = await asyncio.to_thread(wait_until_quiet)
                bursts.append(await measure())
                say(f"{title}: {count} Jobs in {bursts[-1].seconds:.1f} s (machine {busy:.0%} busy before)")
                await emptied(api, namespace)
    return ours, plain


def growth_measured(scale: float, folder: Path, say: Say) -> Measured:
    """Few, many, few: a machine that slows down meanwhile shows in both."""
    few, many = max(20, int(_FEW * scale)), max(200, int(_MANY * scale))
    with namespaces(1) as (served,), operator(folder, [served], served) as one:
        bursts = asyncio.run(_few_many_few(few, many, served, one.pid, say))
    detail: dict[str, Any] = {str(count): [burst.detail() for burst in done] for count, done in bursts.items()}
    return {"growth_ratio_5000": time_per_job_ratio(bursts[few], few, bursts[many], many)}, detail


async def _few_many_few(few: int, many: int, served: str, pid: int, say: Say) -> dict[int, list[Burst]]:
    bursts: dict[int, list[Burst]] = {few: [], many: []}
    async with await Api.connect() as api:
        for count in (few, many, few):
            await asyncio.to_thread(wait_until_quiet)
            burst = await by_operator(api, served, names(count), pid)
            bursts[count].append(burst)
            say(f"{count} Jobs in {burst.seconds:.1f} s, {burst.seconds / count * 1000:.1f} ms each")
            await emptied(api, served)
    return bursts
