"""TranscriptionSchedules for the loop: what watches say is remembered; one whose turn comes is seen to until it is at rest."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from transcription_api.names import LABEL_SCHEDULE, SCHEDULE_KIND
from transcription_operator.apply import RefusedError
from transcription_operator.clock import utc_now
from transcription_operator.cluster import TRANSCRIPTION_JOBS, TRANSCRIPTION_SCHEDULES, Cluster
from transcription_operator.hearing import Hearing
from transcription_operator.listing import list_all
from transcription_operator.logs import Subject
from transcription_operator.metrics import Metrics
from transcription_operator.observed import Raw, Refusal
from transcription_operator.plan import EventRecord
from transcription_operator.schedule.apply import ScheduleApplier
from transcription_operator.schedule.caches import ScheduleCaches
from transcription_operator.schedule.observed import Schedule, read_schedule, read_scheduled_job
from transcription_operator.schedule.plan import SchedulePlan
from transcription_operator.schedule.reconcile import reconcile
from transcription_operator.settings import OperatorSettings
from transcription_operator.work_queue import WorkQueue

log = logging.getLogger(__name__)

_MOST_STEPS = 6
"""Rounds of actions and status after which a schedule is at rest, unless what is done does not stay done."""
_RESTLESS_PAUSE = 60.0


class ScheduleController:
    """Sees to every TranscriptionSchedule."""

    def __init__(
        self,
        cluster: Cluster,
        settings: OperatorSettings,
        metrics: Metrics,
        clock: Callable[[], datetime] = utc_now,
        hearing: Hearing | None = None,
    ) -> None:
        self._cluster = cluster
        self._settings = settings
        self._metrics = metrics
        self._clock = clock
        self._hearing = hearing
        self._caches = ScheduleCaches()
        self._applier = ScheduleApplier(cluster, self._caches)
        self.queue: WorkQueue[str] = WorkQueue(time.monotonic, self._namespace_of)
        """The uids of the schedules to look at, the namespaces in turn; the loop takes them from here."""

    # --- what the watches say -------------------------------------------------------------------------------------

    def see_schedule(self, raw: Raw, *, deleted: bool = False) -> None:
        """A TranscriptionSchedule was seen, or was seen to be gone."""
        schedule = read_schedule(raw)
        if deleted:
            self._lose(schedule.uid)
        elif self._caches.put_schedule(schedule):
            self._metrics.see_schedule(schedule.uid, schedule.namespace)
            self.queue.add(schedule.uid)

    def see_job(self, raw: Raw, *, deleted: bool = False) -> None:
        """A TranscriptionJob was seen, or was seen to be gone; most are no schedule's."""
        job = read_scheduled_job(raw)
        if deleted:
            self._caches.jobs.drop(job.uid)
        else:
            self._caches.jobs.put(job)
        if job.owner_uid and self._caches.schedule(job.owner_uid):
            self.queue.add(job.owner_uid)

    # --- what the loop asks for -----------------------------------------------------------------------------------

    async def process(self, uid: str) -> float | None:
        """Look, decide, act, until nothing is left to do. Returns in how many seconds to look again, if at all."""
        now = self._clock()
        written = False
        for _ in range(_MOST_STEPS):
            observed = self._caches.observed(uid)
            if observed is None:
                return None
            plan = reconcile(observed, now)
            if plan.actions:
                await self._act(observed.schedule, plan, now)
            elif plan.status is None:
                return plan.requeue_after
            elif written:
                break
            else:
                await self._write(observed.schedule, plan, now)
                written = True
        subject = self.subject(uid)
        title = subject.title if subject else uid
        log.warning("%s: what is done or written does not stay so; again in %.0f s", title, _RESTLESS_PAUSE)
        return _RESTLESS_PAUSE

    async def list_everything(self) -> None:
        """Bring the caches in line with the cluster, and look at every schedule. Jobs come first: decisions rest on them."""
        namespaces = self._settings.watch_namespaces
        uids, version = await list_all(self._cluster, TRANSCRIPTION_JOBS, namespaces, LABEL_SCHEDULE, self.see_job)
        self._caches.jobs.keep_only(uids, version)
        uids, version = await list_all(self._cluster, TRANSCRIPTION_SCHEDULES, namespaces, None, self.see_schedule, self._hearing)
        for uid in self._caches.gone(uids, version):
            self._lose(uid)
        for uid in self._caches.uids():
            self.queue.add(uid)

    def subject(self, uid: str) -> Subject | None:
        """What the log is to say of the schedule; None: it is gone."""
        schedule = self._caches.schedule(uid)
        return Subject(SCHEDULE_KIND, schedule.namespace, schedule.name, uid) if schedule else None

    def _namespace_of(self, uid: str) -> str:
        schedule = self._caches.schedule(uid)
        return schedule.namespace if schedule else ""  # gone: nothing to do

    async def _act(self, schedule: Schedule, plan: SchedulePlan, now: datetime) -> None:
        done: list[EventRecord] = []
        try:
            for action in plan.actions:
                if await self._applier.act(schedule, action) and action.announcement:
                    done.append(action.announcement)
        except RefusedError as error:
            await self._tell(schedule.uid, error.refusal, now)
            raise
        finally:
            await self._applier.announce(schedule, done, now)

    async def _tell(self, uid: str, refusal: Refusal, now: datetime) -> None:
        """Write into status what the API server would not take."""
        observed = self._caches.observed(uid)
        if observed:
            plan = reconcile(replace(observed, refusal=refusal), now)
            if plan.status is not None:
                await self._write(observed.schedule, plan, now)

    async def _write(self, schedule: Schedule, plan: SchedulePlan, now: datetime) -> None:
        assert plan.status is not None
        await self._applier.status(schedule, plan.status)
        self._metrics.missed_runs.labels(schedule.namespace).inc(plan.missed)
        await self._applier.announce(schedule, list(plan.events), now)

    def _lose(self, uid: str) -> None:
        self._caches.forget(uid)
        self.queue.forget(uid)
        self._metrics.lose_schedule(uid)
