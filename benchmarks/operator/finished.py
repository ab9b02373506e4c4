"""Jobs that have ended, without the wait for their end: applied, and given the status of one that a runner has worked through."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from .api import Api, each
from .objects import Document, transcription_job, transcription_jobs

_CONCURRENCY = 16


async def make_finished(api: Api, namespace: str, wanted: Iterable[str]) -> None:
    """Their Jobs and pods are gone, as those of all finished jobs are once `ttlSecondsAfterFinished` is over.

    They are suspended and wait for a queue, so that an operator that sees one before it has ended makes no Job for it.
    """

    async def make(name: str) -> None:
        body = transcription_job(name, suspend=True)
        body["metadata"]["labels"] = {"kueue.x-k8s.io/queue-name": "bench"}
        await api.create(transcription_jobs(namespace), body)
        await api.patch(f"{transcription_jobs(namespace, name)}/status", {"status": finished_status(name)})

    await each(wanted, make, _CONCURRENCY)


def finished_status(name: str) -> Document:
    """The whole status of a job over twelve files that ended well."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    child, manifest = f"{name}-0123456789", f"transcripts/{name}/_manifest-{name}.json"
    told: dict[str, Any] = {
        "files": {"total": 12, "succeeded": 11, "skipped": 1, "failed": 0},
        "audioSeconds": {"total": 4321.5, "processed": 4321.5},
        "languages": {"en": 7, "es": 4},
    }

    def condition(kind: str, status: str, reason: str, message: str = "") -> Document:
        known = {"type": kind, "status": status, "reason": reason, "message": message}
        return {**known, "lastTransitionTime": now, "observedGeneration": 1}

    message = "11 files transcribed, 1 skipped"
    return {
        "observedGeneration": 1,
        "phase": "Succeeded",
        "message": message,
        "runId": "",
        "jobName": child,
        "startTime": now,
        "completionTime": now,
        "conditions": [
            condition("Suspended", "False", "NotSuspended"),
            condition("Running", "False", "Completed"),
            condition("Complete", "True", "Completed", message),
        ],
        **told,
        "fileProgress": "12/12",
        "progress": "100%",
        "realTimeFactor": 61.3,
        "wordTimes": {"ctc": 11, "attention": 0, "none": 0, "words": 9876, "estimated": 12},
        "manifest": manifest,
    }
