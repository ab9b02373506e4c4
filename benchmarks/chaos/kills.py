"""The operator is killed (SIGKILL) again and again at random moments, and started again at once, while jobs come and go."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path

from tests.integration.operator.operators import Operator

from ..measuring import Measured
from ..operator.api import Api
from ..operator.objects import Document, core, jobs, transcription_jobs
from ..operator.place import namespaces, operator
from .crowd import all_over, apply_over
from .judged import judged
from .made import jobs_made

_KILLS, _JOBS = 100, 300
_SHORTEST, _LONGEST = 0.3, 5.5
"""Seconds that an operator lives: it may not even have begun, or be in the middle of anything. It starts in two or three."""
_COLLECTED_SECONDS = 240.0
_SEED = 20


def measured(scale: float, folder: Path, say: Callable[[str], None]) -> Measured:
    """Afterwards one is left in peace until all jobs are over; then they are deleted, and nothing of them may stay."""
    kills = max(3, round(_KILLS * scale))
    with namespaces(1) as (served,), operator(folder, [served], served) as one:
        resources, wanted, made, left = asyncio.run(_killed(one, served, kills, max(5, round(_JOBS * scale)), say))
    figures, detail = judged(resources, wanted, made)
    return {"kills": float(kills), **figures, "leftovers": float(len(left))}, {**detail, "left": left, "seed": _SEED}


async def _killed(
    one: Operator, served: str, kills: int, count: int, say: Callable[[str], None]
) -> tuple[list[Document], set[str], dict[str, set[str]], list[str]]:
    moments = random.Random(_SEED)
    lives = [moments.uniform(_SHORTEST, _LONGEST) for _ in range(kills)]
    async with await Api.connect() as api, jobs_made(api, served) as made:
        applied = asyncio.create_task(apply_over(api, served, count, sum(lives)))
        for number, seconds in enumerate(lives, start=1):
            await asyncio.sleep(seconds)
            await asyncio.to_thread(one.kill)
            one.start()
            if number % 20 == 0:
                say(f"killed {number} times")
        wanted = await applied
        resources = await all_over(api, served, say)
        known = {name: set(uids) for name, uids in made.items()}
        return resources, wanted, known, await _left_after_deletion(api, served)


async def _left_after_deletion(api: Api, served: str) -> list[str]:
    """What is there although its TranscriptionJob was deleted and the garbage collector had time (20 objects a second)."""
    await api.call("DELETE", transcription_jobs(served), {"propagationPolicy": "Background"})
    end = time.monotonic() + _COLLECTED_SECONDS
    while True:
        found = [
            *await api.listed(transcription_jobs(served)),
            *await api.listed(jobs(served)),
            *await api.listed(core(served, "pods")),
        ]
        if not found or time.monotonic() > end:
            return [one["metadata"]["name"] for one in found]
        await asyncio.sleep(1.0)
