"""Jobs that come one after the other while something happens, and the wait until all of them are over."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from ..operator.api import Api
from ..operator.bursts import names
from ..operator.objects import QUICK, Document, transcription_job, transcription_jobs

_LONGEST = 300.0
_OVER = ("Succeeded", "Failed")


async def apply_over(api: Api, namespace: str, count: int, seconds: float) -> set[str]:
    """Apply so many jobs, evenly over so many seconds; their names."""
    began = time.monotonic()
    wanted = names(count, "chaos")
    for number, name in enumerate(wanted):
        await asyncio.sleep(max(0.0, began + seconds * number / count - time.monotonic()))
        await api.create(transcription_jobs(namespace), transcription_job(name, QUICK))
    return set(wanted)


async def all_over(api: Api, namespace: str, say: Callable[[str], None]) -> list[Document]:
    """The jobs of a namespace, once each is over, or after five minutes: those that are not then are wrong."""
    end = time.monotonic() + _LONGEST
    while True:
        found = await api.listed(transcription_jobs(namespace))
        phases = Counter(one.get("status", {}).get("phase", "none") for one in found)
        if sum(phases[phase] for phase in _OVER) == len(found):
            return found
        if time.monotonic() > end:
            say(f"not all are over after {_LONGEST:.0f} s: {dict(phases)}")
            return found
        await asyncio.sleep(1.0)
