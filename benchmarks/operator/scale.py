"""10,000 jobs, 1,000 of them at work: memory, the time to begin again, and what doing nothing costs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transcription_operator.settings import OperatorSettings

from ..measuring import Measured
from .api import Api, each
from .bursts import CONCURRENCY, names
from .finished import make_finished
from .objects import LASTING, transcription_job, transcription_jobs
from .place import namespaces, operator
from .seen import watched_jobs
from .usage import peak_mb, resident_mb, share_of_a_core, wait_until_idle

_ACTIVE, _FINISHED = 1000, 9000
_PROBES = 100
_PROBE_LABEL = "bench.transcription.whisperx.dev/probe"
_IDLE_SECONDS = 60.0
_LISTINGS = 4
"""While the second operator is at rest: nobody waits ten minutes for each."""
_RESYNC_SECONDS: float = OperatorSettings.model_fields["resync_seconds"].default
_LONGEST = 600.0


def idle_percent(alone: float, with_listings: float, every: float, usually_every: float) -> tuple[float, float]:
    """Percent of a core at the usual interval, and CPU seconds of one listing.

    `alone` and `with_listings` are shares of a core: without any listing, and with one `every` so many seconds.
    """
    listing = max(0.0, with_listings - alone) * every
    return 100 * (alone + listing / usually_every), listing


def measured(scale: float, folder: Path, say: Callable[[str], None]) -> Measured:
    """One operator brings the active ones to run and rests; another starts when all is there, and lists often."""
    active, finished = names(max(20, int(_ACTIVE * scale)), "active"), names(max(50, int(_FINISHED * scale)), "done")
    rest = max(10.0, _IDLE_SECONDS * scale)
    often = rest / _LISTINGS
    detail: dict[str, Any] = {"active": len(active), "finished": len(finished), "finished_jobs_have_child_jobs": False}
    with namespaces(1) as (served,):
        began = time.monotonic()
        asyncio.run(_made_finished(served, finished))
        say(f"{len(finished)} finished jobs are there after {time.monotonic() - began:.0f} s")
        with operator(folder, [served], served) as one:
            asyncio.run(_running(served, active))
            say(f"{len(active)} jobs run after {time.monotonic() - began:.0f} s")
            wait_until_idle(one.pid)
            alone = share_of_a_core(one.pid, rest)
            detail |= {"first_operator_mb": round(resident_mb(one.pid), 1), "first_operator_peak_mb": round(peak_mb(one.pid), 1)}
        asyncio.run(_touched(served, [*active, *finished]))
        with operator(folder, [served], served, resyncSeconds=often) as one:
            began = time.monotonic()
            asyncio.run(_answered(served))
            restart = time.monotonic() - began
            say(f"a new operator has looked at all of them after {restart:.1f} s")
            after_start = resident_mb(one.pid)
            time.sleep(often)
            with_listings = share_of_a_core(one.pid, rest)
            resident, peak = resident_mb(one.pid), peak_mb(one.pid)
    percent, listing = idle_percent(alone, with_listings, often, _RESYNC_SECONDS)
    say(
        f"{peak:.0f} MB at most, {resident:.0f} at the end; idle {percent:.2f}% of a core; a listing takes {listing:.1f} s of CPU"
    )
    detail |= {
        "resident_mb_after_start": round(after_start, 1),
        "resident_mb_after_listings": round(resident, 1),
        "idle_percent_between_listings": round(100 * alone, 3),
        "listing_cpu_seconds": round(listing, 2),
        "resync_seconds": _RESYNC_SECONDS,
        "probes": _PROBES,
    }
    return {"rss_mb_10k": peak, "restart_seconds_10k": restart, "idle_cpu_percent": percent}, detail


async def _made_finished(namespace: str, wanted: list[str]) -> None:
    async with await Api.connect() as api:
        await make_finished(api, namespace, wanted)


async def _running(namespace: str, wanted: list[str]) -> None:
    """Apply jobs, and wait until a pod of each runs."""
    async with await Api.connect() as api, watched_jobs(api, namespace) as seen:

        async def apply(name: str) -> None:
            await api.create(transcription_jobs(namespace), transcription_job(name, LASTING))

        await each(wanted, apply, CONCURRENCY)
        await seen.until(set(wanted), _LONGEST)
        end = time.monotonic() + _LONGEST
        while True:
            found = await api.listed(f"/api/v1/namespaces/{namespace}/pods", fieldSelector="status.phase=Running")
            if len(found) >= len(wanted):
                return
            if time.monotonic() > end:
                raise TimeoutError(f"only {len(found)} of {len(wanted)} pods run after {_LONGEST:.0f} s")
            await asyncio.sleep(3.0)


async def _touched(namespace: str, all_names: list[str]) -> None:
    """Change some jobs, evenly spread, with no operator there: that it has seen each is said by `observedGeneration`."""
    step = max(1, len(all_names) // _PROBES)
    change = {"metadata": {"labels": {_PROBE_LABEL: "true"}}, "spec": {"ttlSecondsAfterFinished": 7201}}
    async with await Api.connect() as api:
        await each(all_names[::step], lambda name: api.patch(transcription_jobs(namespace, name), change), CONCURRENCY)


async def _answered(namespace: str) -> None:
    """Wait until all changed jobs were looked at."""
    end = time.monotonic() + _LONGEST
    async with await Api.connect() as api:
        while True:
            probes = await api.listed(transcription_jobs(namespace), labelSelector=_PROBE_LABEL)
            unseen = [one for one in probes if one["status"].get("observedGeneration") != one["metadata"]["generation"]]
            if not unseen:
                return
            if time.monotonic() > end:
                raise TimeoutError(f"{len(unseen)} of {len(probes)} changed jobs were not looked at in {_LONGEST:.0f} s")
            await asyncio.sleep(0.25)
