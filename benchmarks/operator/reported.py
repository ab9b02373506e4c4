"""How large is the status of a job after so many files? From real reports, by the operator's own reconcile, without a cluster."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from tests.unit.operator.world import a_running_job
from transcription_api.ledger import LedgerEntry, Outcome, Worker
from transcription_api.names import ANNOTATION_REPORT
from transcription_api.report import ShardReport
from transcription_api.runner_config import JobReference
from transcription_api.status import Stage
from transcription_runner.batch.tally import Tally

_EVERY = 50
"""Of a pod's files one in so many fails, with as long a key and message as there can be."""
_LANGUAGES = ("en", "es", "de", "fr", "pt")


def status_kb(pods: int, files: int) -> float:
    """Of `status` as JSON, in 1,000 bytes, while `pods` pods have done `files` files together and report."""
    job = a_running_job("c" * 63, parallelism=pods)
    for index in range(pods):
        report = reported(job.job_name, index, pods, files)
        job.with_running_pod(index)
        next(reversed(job.pods.values()))["metadata"]["annotations"] = {ANNOTATION_REPORT: report.encoded()}
    status = job.reconciled(60).observed().resource.status
    if status.files is None or status.files.total != files or len(status.shards or []) != pods:
        raise RuntimeError(f"the reports did not get into status: {status.files}, {len(status.shards or [])} shards")
    return len(json.dumps(status.wire(), separators=(",", ":")).encode()) / 1000


def reported(job_name: str, index: int, pods: int, files: int) -> ShardReport:
    """What the pod says that has done its share of the files, every fiftieth of which failed."""
    tally = Tally(JobReference(namespace="team", name="calls", uid="u", job_name=job_name, parallelism=pods), index, "pod")
    for number in range(index, files, pods):
        tally.done(_entry(number, job_name, index, failed=number // pods % _EVERY == 0))
    report = tally.report(Stage.TRANSCRIBING, "", datetime(2026, 11, 23, 12, 1, tzinfo=UTC))
    return report.model_copy(update={"files": report.files.model_copy(update={"total": files})})


def _entry(number: int, job_name: str, index: int, *, failed: bool) -> LedgerEntry:
    return LedgerEntry(
        bucket="calls",
        key=f"{number:07}/" + "k" * 1016,
        etag="e",
        recipe_hash="r",
        outcome=Outcome.FAILED if failed else Outcome.SUCCEEDED,
        reason="DamagedAudio" if failed else None,
        message="m" * 512 if failed else None,
        language=None if failed else _LANGUAGES[number % len(_LANGUAGES)],
        audio_seconds=0.0 if failed else 5.0,
        segments=2,
        words=12,
        alignment="ctc",
        worker=Worker(job_name=job_name, shard=index, pod_name="pod"),
        finished_at=datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
    )
