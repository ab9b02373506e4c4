"""How long has the run been running, and how long have its pods held GPUs? Waiting and suspended time is not among it.

Pods come and go, and one that is deleted is forgotten. So the status keeps two sums and the moment up to which they count, and
each look adds what the pods that are seen now did since then, by their own start and end times. Such a moment is always one that
the cluster speaks of (the latest report, a pod's end), or one at which the operator itself sends pods away; the clock alone
moves nothing. The same sight adds nothing twice, whoever looks, and however often.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from transcription_api.status import TranscriptionJobStatus
from transcription_operator.observed import ChildPod


@dataclass(frozen=True, slots=True)
class Spent:
    """Time of a run."""

    until: datetime | None = None
    """The moment up to which it counts."""
    active_seconds: float = 0.0
    """While at least one pod ran."""
    pod_seconds: float = 0.0
    """Of all pods together. A pod that has a GPU has one."""


def spent(before: TranscriptionJobStatus, pods: Iterable[ChildPod], moment: datetime | None) -> Spent:
    """What the status has counted, and what `pods` add up to `moment`, or up to the last end among them if that is later."""
    pods = list(pods)
    counted = Spent(before.accounted_until, before.active_seconds or 0.0, before.gpu_seconds or 0.0)
    moments = [moment.replace(microsecond=0) if moment else None, *(_end(pod) for pod in pods)]
    until = max(filter(None, moments), default=None)
    if until is None or (counted.until and until <= counted.until):
        return counted
    stretches = sorted(stretch for pod in pods if (stretch := _since(pod, counted.until, until)))
    return Spent(
        until,
        counted.active_seconds + _covered(stretches),
        counted.pod_seconds + sum(_seconds(*stretch) for stretch in stretches),
    )


def running_seconds(time: Spent, started: datetime | None, until: datetime | None) -> float | None:
    """The time that speed is measured by. Of a run whose pods came and went unseen nothing is known but its start."""
    if time.active_seconds:
        return time.active_seconds
    return _seconds(started, until) if started and until else None


def _since(pod: ChildPod, after: datetime | None, until: datetime) -> tuple[datetime, datetime] | None:
    """When the pod ran, as far as that lies between two moments."""
    end = until if pod.phase == "Running" else _end(pod)
    if pod.started is None or end is None:
        return None
    begin, end = max(pod.started, after) if after else pod.started, min(end, until)
    return (begin, end) if begin < end else None


def _end(pod: ChildPod) -> datetime | None:
    return pod.termination.at if pod.termination else None


def _covered(stretches: list[tuple[datetime, datetime]]) -> float:
    """Seconds in at least one of the stretches, which are in order."""
    total = 0.0
    reached: datetime | None = None
    for begin, end in stretches:
        if reached is None or begin > reached:
            total, reached = total + _seconds(begin, end), end
        elif end > reached:
            total, reached = total + _seconds(reached, end), end
    return total


def _seconds(begin: datetime, end: datetime) -> float:
    return max(0.0, (end - begin).total_seconds())
