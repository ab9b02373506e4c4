"""Which shards have failed for good, and is anything lost by it?

With `backoffLimitPerIndex` a shard whose pods fail too often, as on a node whose GPU is dead, is given up, and the others go on.
The Job controller calls such a Job failed. For us a shard is nobody in particular: pods claim files one by one, and what a dead
one held is taken over. A pod ends well only when every file of the source has its outcome, so a run in which one shard ended
well has lost nothing.
"""

from collections.abc import Iterable

from transcription_api.names import MAX_PARALLELISM
from transcription_operator.observed import ChildJob, ChildPod
from transcription_operator.policies.failure import FAILED_INDEXES, last_cause
from transcription_operator.policies.figures import Figures


def failed_for_good(job: ChildJob) -> frozenset[int]:
    """The shards that the Job controller has given up, of those that a run can have."""
    shards: set[int] = set()
    for part in filter(None, job.failed_indexes.split(",")):
        first, _, last = part.partition("-")
        shards.update(range(int(first), min(int(last or first) + 1, MAX_PARALLELISM)))
    return frozenset(shards)


def others_did_it_all(job: ChildJob, figures: Figures) -> bool:
    """Whether a Job that failed for its failed indexes did what it was for, as far as has been reported."""
    if job.ended != "Failed" or job.end_reason != FAILED_INDEXES or not figures.finished_shards or figures.files is None:
        return False
    return figures.every_file_is_done or figures.files.total == 0


def what_failed(job: ChildJob, pods: Iterable[ChildPod]) -> str | None:
    """Which shards are given up, and why; None: none is."""
    failed = failed_for_good(job)
    if not failed:
        return None
    cause = last_cause(pod for pod in pods if pod.index in failed)
    why = f" ({cause.reason}: {cause.message})" if cause else ""
    return f"shard {job.failed_indexes} failed for good{why}"
