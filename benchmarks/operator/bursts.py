"""Many jobs at once, by the operator and by the plain client: seconds from the first request until every Job is there."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from transcription_operator.settings import OperatorSettings

from .api import Api, each
from .objects import LASTING, Document, Template, jobs, template, transcription_job, transcription_jobs
from .seen import watched_jobs
from .usage import cluster_cpu_seconds, cpu_seconds

CONCURRENCY: int = OperatorSettings.model_fields["workers"].default
"""Requests at a time, the same for both sides: as many as the operator has workers."""
_LONGEST = 900.0
_LEARNING = 60.0


@dataclass(frozen=True)
class Burst:
    """How long it took, and what the programs of the cluster and the operator did meanwhile."""

    seconds: float
    applied_seconds: float
    """Until the last TranscriptionJob was taken."""
    cpu_seconds: Counter[str] = field(default_factory=Counter)

    def detail(self) -> dict[str, Any]:
        """For the results file."""
        cpu = {name: round(seconds, 1) for name, seconds in sorted(self.cpu_seconds.items())}
        return {"seconds": round(self.seconds, 2), "applied_seconds": round(self.applied_seconds, 2), "cpu_seconds": cpu}


def names(count: int, word: str = "job") -> list[str]:
    """Names of so many jobs."""
    return [f"{word}-{number:05d}" for number in range(count)]


async def learned(api: Api, namespace: str, **spec: Any) -> Template:
    """Have the operator make the objects of one job: what the plain client then makes the same of. Raises TimeoutError."""
    await api.create(transcription_jobs(namespace), transcription_job("template", LASTING, **spec))
    async with asyncio.timeout(_LEARNING):
        while True:
            owner = await api.call("GET", transcription_jobs(namespace, "template"))
            if status := owner.get("status"):  # it comes up to some seconds after the Job
                return template(owner, await api.call("GET", jobs(namespace, status["jobName"])), status)
            await asyncio.sleep(0.2)


async def by_operator(api: Api, namespace: str, wanted: Sequence[str], operator_pid: int, **spec: Any) -> Burst:
    """Apply jobs called `wanted`, and wait for the operator to make their Jobs."""

    async def apply(name: str) -> None:
        await api.create(transcription_jobs(namespace), transcription_job(name, LASTING, **spec))

    async with watched_jobs(api, namespace) as seen:
        before, began = cluster_cpu_seconds(), time.monotonic()
        own = cpu_seconds(operator_pid)
        await each(wanted, apply, CONCURRENCY)
        applied = time.monotonic()
        ended = await seen.until(set(wanted), _LONGEST)
        used = cluster_cpu_seconds() - before
        used["operator"] += cpu_seconds(operator_pid) - own  # type: ignore[assignment]
    return Burst(ended - began, applied - began, used)


async def by_plain_client(api: Api, namespace: str, wanted: Sequence[str], like: Template, **spec: Any) -> Burst:
    """Make jobs called `wanted`, their first status, and their Jobs."""
    applied = 0.0

    async def make(name: str) -> None:
        nonlocal applied
        owner = await api.create(transcription_jobs(namespace), transcription_job(name, LASTING, **spec))
        applied = time.monotonic()
        await finished_by_plain_client(api, namespace, owner, like)

    async with watched_jobs(api, namespace) as seen:
        before, began = cluster_cpu_seconds(), time.monotonic()
        await each(wanted, make, CONCURRENCY)
        ended = await seen.until(set(wanted), _LONGEST)
        used = cluster_cpu_seconds() - before
    return Burst(ended - began, applied - began, used)


async def finished_by_plain_client(api: Api, namespace: str, owner: Document, like: Template) -> None:
    """What is to be made for a TranscriptionJob that is there: two writes, one after the other."""
    await api.patch(f"{transcription_jobs(namespace, owner['metadata']['name'])}/status", {"status": like.status})
    await api.create(jobs(namespace), like.for_owner(owner))
