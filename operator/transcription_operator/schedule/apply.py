"""Carrying out what was decided about a schedule. Every step may be repeated without harm.

A job's name can be computed by anybody, so an object under it may be a stranger's: it is left as it is, and the schedule says so.
"""

import logging
from datetime import datetime
from typing import Any

from transcription_api.names import GROUP, SCHEDULE_KIND
from transcription_operator.apply import RefusedError, StaleError
from transcription_operator.cluster import (
    EVENTS,
    TRANSCRIPTION_JOBS,
    TRANSCRIPTION_SCHEDULES,
    ApiError,
    Cluster,
    Document,
    UnreachableError,
)
from transcription_operator.event import event_object
from transcription_operator.observed import Refusal, controller_uid
from transcription_operator.plan import EventRecord
from transcription_operator.schedule.caches import ScheduleCaches
from transcription_operator.schedule.observed import Schedule, read_schedule, read_scheduled_job
from transcription_operator.schedule.plan import MakeJob, RemoveJob, ScheduleAction

log = logging.getLogger(__name__)

_REFUSED = (400, 403, 422)


class ScheduleApplier:
    """Writes to the cluster, and keeps the caches abreast of what it wrote."""

    def __init__(self, cluster: Cluster, caches: ScheduleCaches) -> None:
        self._cluster = cluster
        self._caches = caches

    async def act(self, schedule: Schedule, action: ScheduleAction) -> bool:
        """Carry out `action`; True if this call did it. Raises RefusedError, ApiError, UnreachableError."""
        match action:
            case MakeJob(job):
                return await self._make(schedule, job)
            case RemoveJob(name, uid):
                await self._cluster.delete(TRANSCRIPTION_JOBS, schedule.namespace, name, uid)
                self._caches.jobs.drop(uid)
                return True

    async def status(self, schedule: Schedule, patch: dict[str, Any]) -> None:
        """Write the status of the very version that was observed. Raises StaleError, ApiError, UnreachableError."""
        body = {"metadata": {"resourceVersion": schedule.resource_version, "uid": schedule.uid}, "status": patch}
        try:
            written = await self._cluster.merge(TRANSCRIPTION_SCHEDULES, schedule.namespace, schedule.name, body, "status")
        except ApiError as error:
            if error.status not in (404, 409) or not await self._is_stale(schedule):
                raise
            raise StaleError from error
        self._caches.put_schedule(read_schedule(written))

    async def announce(self, schedule: Schedule, events: list[EventRecord], now: datetime) -> None:
        """Post Events. They are a courtesy: one that cannot be posted is logged and lost."""
        for record in events:
            body = event_object(schedule, record, now, SCHEDULE_KIND)
            try:
                await self._cluster.create(EVENTS, schedule.namespace, body)
            except (ApiError, UnreachableError) as error:
                log.warning("%s/%s: event %s not posted: %s", schedule.namespace, schedule.name, record.reason, error)

    async def _make(self, schedule: Schedule, job: Document) -> bool:
        try:
            made = await self._cluster.create(TRANSCRIPTION_JOBS, schedule.namespace, job)
        except ApiError as error:
            if error.status == 409:
                self._caches.jobs.put(read_scheduled_job(await self._own(schedule, job)))
                return False
            if error.status in _REFUSED:
                raise RefusedError(Refusal(error.message, final=False)) from error
            raise
        self._caches.jobs.put(read_scheduled_job(made))
        return True

    async def _own(self, schedule: Schedule, wanted: Document) -> Document:
        """The job that has the wanted name already, if the schedule controls it. Raises RefusedError if not."""
        name = wanted["metadata"]["name"]
        found = await self._cluster.get(TRANSCRIPTION_JOBS, schedule.namespace, name)
        if controller_uid(found, GROUP, SCHEDULE_KIND) != schedule.uid:
            message = (
                f"TranscriptionJob {name} in namespace {schedule.namespace} exists and is not this schedule's: "
                "look whose it is, and delete it or give it another name"
            )
            raise RefusedError(Refusal(message, final=False, reason="NameTaken"))
        return found

    async def _is_stale(self, schedule: Schedule) -> bool:
        """Whether the schedule is not what was observed; what it is by now is in the cache."""
        try:
            fresh = read_schedule(await self._cluster.get(TRANSCRIPTION_SCHEDULES, schedule.namespace, schedule.name))
        except ApiError as error:
            if error.status != 404:
                raise
            self._caches.forget(schedule.uid)
            return True
        if fresh.uid != schedule.uid:
            self._caches.forget(schedule.uid)
        self._caches.put_schedule(fresh)
        return fresh.resource_version != schedule.resource_version
