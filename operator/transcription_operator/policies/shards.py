"""What has each completion index done? The memory of a run: one entry an index, made from what its pods report.

A pod that replaces another begins to count at nothing and finds in the ledger, file by file, what the pod before it did as this
shard: its counts pass those of its predecessor sooner or later. So an index never has less than it had, nothing counts twice, and
the entry of an index whose pods are gone stands as it was.
"""

from collections.abc import Iterable

from transcription_api.report import ShardReport
from transcription_api.status import Shard, ShardAudio, ShardFiles
from transcription_operator.observed import ChildPod


def reports_by_age(pods: Iterable[ChildPod]) -> list[ShardReport]:
    """The pods' reports, those of older pods first."""
    return [pod.report for pod in sorted(pods, key=lambda pod: (pod.created, pod.name)) if pod.report]


def shards(stored: Iterable[Shard], reports: Iterable[ShardReport]) -> list[Shard]:
    """The entries as they are now, by index; `reports` as reports_by_age gives them."""
    entries = {shard.index: shard for shard in stored}
    for report in reports:
        entries[report.index] = _after(entries.get(report.index), report)
    return [entries[index] for index in sorted(entries)]


def _after(before: Shard | None, report: ShardReport) -> Shard:
    files, processed = report.files, report.audio_seconds.processed
    did = before.files if before else ShardFiles()
    if before and files.succeeded < did.succeeded:
        processed = max(processed, before.audio_seconds.processed)
    return Shard(
        index=report.index,
        pod_name=report.pod_name,
        stage=report.stage,
        message=report.message or None,
        files=ShardFiles(succeeded=max(files.succeeded, did.succeeded), failed=max(files.failed, did.failed)),
        audio_seconds=ShardAudio(processed=round(processed, 1)),
        last_update_time=report.last_update_time,
    )
