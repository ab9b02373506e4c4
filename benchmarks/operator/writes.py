"""How often the operator writes to the API server in the life of a job of one shard that reports no progress."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..measuring import Measured
from .api import Api, each
from .bursts import CONCURRENCY, names
from .objects import QUICK, transcription_job, transcription_jobs
from .place import namespaces, operator_aside
from .proxy import Counted, counting

_JOBS = 50
_LONGEST = 300.0
_STILL_SECONDS = 8.0
_STARTED_SECONDS = 8.0
_NOBODY_ELSE_DOES = (
    ("transcriptionjobs", "status", ("PATCH", "APPLY", "PUT")),
    ("jobs", "", ("POST", "PATCH", "APPLY")),
)
"""Writes that, while this part runs, come from the operator alone: so the API server's own counters can be compared."""
_COUNTER = re.compile(r"^apiserver_request_total\{(?P<labels>[^}]*)\} (?P<count>\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


def server_counts(metrics: str) -> Counter[str]:
    """Requests that the API server has counted so far, of the kinds that nobody but the operator makes."""
    counts: Counter[str] = Counter()
    for found in _COUNTER.finditer(metrics):
        labels = dict(_LABEL.findall(found["labels"]))
        for resource, subresource, verbs in _NOBODY_ELSE_DOES:
            if (labels["resource"], labels["subresource"]) == (resource, subresource) and labels["verb"] in verbs:
                counts[f"{resource}/{subresource}".strip("/")] += int(float(found["count"]))
    return counts


def proxy_counts(writes: Counter[str]) -> Counter[str]:
    """The same of what the proxy counted."""
    names = {f"{resource}/{subresource}".strip("/") for resource, subresource, _ in _NOBODY_ELSE_DOES}
    counts: Counter[str] = Counter()
    for name, number in writes.items():
        if (resource := name.partition(" ")[2]) in names:
            counts[resource] += number
    return counts


def measured(scale: float, folder: Path, say: Callable[[str], None]) -> Measured:
    """A proxy stands between operator and API server and counts; the server's own counters check it. Events are writes, too."""
    count = max(5, int(_JOBS * scale))
    with namespaces(1) as (served,):
        writes, server = asyncio.run(_lives(count, served, folder))
    checked = proxy_counts(writes)
    if checked != server:
        raise RuntimeError(f"the proxy counted {dict(checked)}, the API server {dict(server)}: one of them is wrong")
    per_job = writes.total() / count
    say(f"{per_job:.2f} writes a job: " + ", ".join(f"{number / count:.2f} {name}" for name, number in writes.most_common()))
    detail: dict[str, Any] = {
        "jobs": count,
        "writes": dict(writes.most_common()),
        "counted_by": "a proxy between the operator and the API server",
        "api_server_counted_the_same": dict(server),
    }
    return {"writes_per_job": per_job}, detail


async def _lives(count: int, served: str, folder: Path) -> tuple[Counter[str], Counter[str]]:
    async with (
        await Api.connect() as api,
        counting(api) as counted,
        operator_aside(folder, [served], served, server=counted.address),
    ):
        await asyncio.sleep(_STARTED_SECONDS)
        before = server_counts(await api.metrics())
        counted.writes.clear()

        async def apply(name: str) -> None:
            await api.create(transcription_jobs(served), transcription_job(name, QUICK))

        await each(names(count), apply, CONCURRENCY)
        await _until_succeeded(api, served, count)
        await _until_still(counted)
        return counted.writes, server_counts(await api.metrics()) - before


async def _until_succeeded(api: Api, namespace: str, count: int) -> None:
    end = time.monotonic() + _LONGEST
    while True:
        found = await api.listed(transcription_jobs(namespace))
        phases = Counter(one.get("status", {}).get("phase", "none") for one in found)
        if phases["Succeeded"] == count:
            return
        if time.monotonic() > end:
            raise TimeoutError(f"not all {count} jobs have succeeded after {_LONGEST:.0f} s: {dict(phases)}")
        await asyncio.sleep(1.0)


async def _until_still(counted: Counted) -> None:
    while True:
        before = counted.writes.total()
        await asyncio.sleep(_STILL_SECONDS)
        if counted.writes.total() == before:
            return
