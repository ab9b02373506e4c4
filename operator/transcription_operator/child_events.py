"""What only the Events of a run's Job and pods say: why no pod is made, and why one on its node does not start."""

import logging
from collections.abc import Iterable
from datetime import datetime

from transcription_operator.cluster import EVENTS, ApiError, Cluster, UnreachableError
from transcription_operator.observed import ChildJob, ChildPod, Raw, Told

log = logging.getLogger(__name__)

FAILED_CREATE = "FailedCreate"
OF_STARTING = frozenset({"FailedMount", "FailedAttachVolume", "FailedMapVolume", "FailedCreatePodSandBox", "Pulling", "Pulled"})
"""The kubelet's and the volume controller's words on a pod that starts; the last of them is where it stands."""
MOST_CHARACTERS = 1000
MOST_EVENTS = 30
"""Who writes them in earnest writes fewer, but anybody may write thousands, of more than a megabyte each."""
_COMBINED = "(combined from similar events): "


async def creation_failure(cluster: Cluster, job: ChildJob, since: datetime) -> str | None:
    """Why the Job could make no pod at `since` or later; None when its Events do not say. Costs one request."""
    events = await _events(cluster, job, f"regarding.uid={job.uid},reason={FAILED_CREATE}")
    told = latest(events, since)
    return told.note or None if told else None


async def start_event(cluster: Cluster, pod: ChildPod, since: datetime) -> Told | None:
    """How far the pod's start has come, or what is in its way; None when its Events do not say. Costs one request."""
    events = await _events(cluster, pod, f"regarding.uid={pod.uid}")
    return latest((event for event in events if event.get("reason") in OF_STARTING), since)


def latest(events: Iterable[Raw], since: datetime) -> Told | None:
    """The last of the events, unless it is from before."""
    last = max(events, key=_moment, default=None)
    if last is None or _moment(last) < since:
        return None
    return Told(str(last.get("reason") or ""), str(last.get("note") or "").removeprefix(_COMBINED)[:MOST_CHARACTERS])


async def _events(cluster: Cluster, child: ChildJob | ChildPod, fields: str) -> list[Raw]:
    """Those that the fields select; none where they cannot be read."""
    try:
        async for _, page in cluster.pages(EVENTS, child.namespace, fields=fields, limit=MOST_EVENTS):
            return list(page)
    except (ApiError, UnreachableError) as error:
        log.warning("%s/%s: its Events cannot be read: %s", child.namespace, child.name, error)
    return []


def _moment(event: Raw) -> datetime:
    """When it happened last; which field says so depends on who wrote it."""
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("deprecatedLastTimestamp"), event.get("eventTime"))
    return datetime.fromisoformat(next(filter(None, times), event["metadata"]["creationTimestamp"]))
