"""A Job's own words on why it makes no pod, read from its Events."""

import logging
from collections.abc import Iterable
from datetime import datetime

from transcription_operator.cluster import EVENTS, ApiError, Cluster, UnreachableError
from transcription_operator.observed import ChildJob, Raw

log = logging.getLogger(__name__)

FAILED_CREATE = "FailedCreate"
MOST_CHARACTERS = 1000
_COMBINED = "(combined from similar events): "


async def creation_failure(cluster: Cluster, job: ChildJob, since: datetime) -> str | None:
    """Why the Job could make no pod at `since` or later; None when its Events do not say. Costs one request."""
    fields = f"regarding.uid={job.uid},reason={FAILED_CREATE}"
    events: list[Raw] = []
    try:
        async for _, page in cluster.pages(EVENTS, job.namespace, fields=fields):
            events += page
            break  # the Job controller writes no second page of them, but anybody may write thousands
    except (ApiError, UnreachableError) as error:
        log.warning("%s/%s: the Job's Events cannot be read: %s", job.namespace, job.name, error)
        return None
    return latest_failure(events, since)


def latest_failure(events: Iterable[Raw], since: datetime) -> str | None:
    """The note of the last of the events, unless it is from before."""
    last = max(events, key=_moment, default=None)
    if last is None or _moment(last) < since:
        return None
    return str(last.get("note") or "").removeprefix(_COMBINED)[:MOST_CHARACTERS] or None


def _moment(event: Raw) -> datetime:
    """When it happened last; which field says so depends on who wrote it."""
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("deprecatedLastTimestamp"), event.get("eventTime"))
    return datetime.fromisoformat(next(filter(None, times), event["metadata"]["creationTimestamp"]))
