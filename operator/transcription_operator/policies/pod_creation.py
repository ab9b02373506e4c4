"""Why does the Job make no pod? A quota or an admission plugin refuses it, and only the Job's Events say so.

They are read when a Job has had no pod for a few seconds, and again at growing distances as long as it has none: the Job
controller tries by itself, and the next cause may be another.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from transcription_api.status import TranscriptionJobStatus
from transcription_operator.observed import ChildJob, ChildPod
from transcription_operator.policies.waiting import seconds_left

FIRST_LOOK = timedelta(seconds=5)
LONGEST_PAUSE_SECONDS = 60.0


def podless_since(job: ChildJob | None, pods: Iterable[ChildPod], status: TranscriptionJobStatus) -> datetime | None:
    """Since when the Job, which is to have pods, has had none; what its Events said before may be over."""
    if job is None or job.started is None or job.ended or job.deleting or job.suspended:
        return None
    pods = list(pods)
    if any(pod.phase in ("Pending", "Running", "Unknown") for pod in pods):
        return None
    ends = [pod.termination.at for pod in pods if pod.termination]
    return max(filter(None, [job.started, status.accounted_until, *ends]))


def is_to_be_explained(since: datetime | None, now: datetime) -> bool:
    """Whether a Job without pods since then has had time enough."""
    return since is not None and seconds_left(since, FIRST_LOOK, now) is None


def next_look(since: datetime, now: datetime) -> float:
    """In how many seconds to look at the Events, for the first time or again."""
    return seconds_left(since, FIRST_LOOK, now) or min(abs((now - since).total_seconds()), LONGEST_PAUSE_SECONDS)
