"""Does what is long deleted leave anything behind? Resident memory after 10,000 finished jobs came and went, over that before."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from ..measuring import Measured
from .api import Api
from .bursts import names
from .finished import make_finished
from .place import emptied, namespaces, operator
from .usage import peak_mb, resident_mb, wait_until_idle

_JOBS, _FIRST = 10_000, 200
_REST_SECONDS = 10.0
"""Until what the last events brought about is over."""


def measured(scale: float, folder: Path, say: Callable[[str], None]) -> Measured:
    """One operator; some jobs come and go first, so that what a working operator needs once is not counted as growth."""
    count = max(100, int(_JOBS * scale))
    with namespaces(1) as (served,), operator(folder, [served], served) as one:

        def resting() -> float:
            wait_until_idle(one.pid)
            time.sleep(_REST_SECONDS)
            return resident_mb(one.pid)

        asyncio.run(_came(served, names(_FIRST, "first")))
        asyncio.run(_went(served))
        before = resting()
        began = time.monotonic()
        asyncio.run(_came(served, names(count)))
        held = resting()
        say(f"{count} finished jobs came in {time.monotonic() - began:.0f} s: {before:.0f} MB before, {held:.0f} MB now")
        asyncio.run(_went(served))
        after, peak = resting(), peak_mb(one.pid)
        say(f"{after:.0f} MB after all were deleted")
    detail = {"jobs": count, "mb_before": before, "mb_with_all": held, "mb_after": after, "mb_peak": peak}
    return {"history_memory_ratio": after / before}, {key: round(value, 1) for key, value in detail.items()}


async def _came(namespace: str, wanted: list[str]) -> None:
    async with await Api.connect() as api:
        await make_finished(api, namespace, wanted)


async def _went(namespace: str) -> None:
    async with await Api.connect() as api:
        await emptied(api, namespace)
