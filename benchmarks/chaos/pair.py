"""Two operators serve the same namespace for minutes, as in a rolling update that never ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from ..measuring import Measured
from ..operator.api import Api
from ..operator.place import namespaces, operator
from .crowd import all_over, apply_over
from .judged import judged
from .made import jobs_made

_SECONDS, _JOBS = 300.0, 300


def measured(scale: float, folder: Path, say: Callable[[str], None]) -> Measured:
    """Jobs come evenly over five minutes; both operators see each."""
    with namespaces(1) as (served,), operator(folder, [served], served), operator(folder, [served], served):
        return asyncio.run(_served_twice(served, scale, say))


async def _served_twice(served: str, scale: float, say: Callable[[str], None]) -> Measured:
    async with await Api.connect() as api, jobs_made(api, served) as made:
        wanted = await apply_over(api, served, max(5, round(_JOBS * scale)), _SECONDS * scale)
        return judged(await all_over(api, served, say), wanted, made, "pair_")
