"""TranscriptionJobs for the loop: what watches say is remembered, a job whose turn comes is looked at, decided on, acted on."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from transcription_api.names import KIND, LABEL_JOB_UID
from transcription_api.status import ConditionType, TranscriptionJobStatus
from transcription_operator.apply import Applier, RefusedError
from transcription_operator.caches import Caches
from transcription_operator.child_events import creation_failure, start_event
from transcription_operator.clock import utc_now
from transcription_operator.cluster import CLUSTER_PROFILES, JOBS, PODS, PROFILES, TRANSCRIPTION_JOBS, Cluster, Kind
from transcription_operator.counted import Counted
from transcription_operator.hearing import Hearing
from transcription_operator.in_work import InWork
from transcription_operator.listing import list_all
from transcription_operator.logs import Subject
from transcription_operator.metrics import Metrics
from transcription_operator.observed import Observed, Raw, Resource, read_job, read_pod, read_resource
from transcription_operator.pacing import Pacing
from transcription_operator.plan import EventRecord, Plan
from transcription_operator.policies.children import ended
from transcription_operator.policies.conditions import condition
from transcription_operator.policies.gains import steps
from transcription_operator.profiles import read_profile
from transcription_operator.pruned import Pruned
from transcription_operator.reconcile import job_to_explain, pod_to_explain, reconcile
from transcription_operator.repetition import FIRST_PAUSE, Repetition
from transcription_operator.settings import OperatorSettings
from transcription_operator.status_patch import is_kept
from transcription_operator.stored_status import read_status
from transcription_operator.work_queue import WorkQueue

log = logging.getLogger(__name__)


class Controller:
    """Sees to every TranscriptionJob."""

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
        self._caches = Caches()
        self._applier = Applier(cluster, self._caches, settings)
        self.queue: WorkQueue[str] = WorkQueue(time.monotonic, self._namespace_of)
        """The uids of the jobs to look at, the namespaces in turn; the loop takes them from here."""
        self._repetition = Repetition(time.monotonic)
        self._pacing = Pacing(time.monotonic)
        self._pruned = Pruned()
        self._counted = Counted()
        metrics.add(InWork(self._caches))

    # --- what the watches say -------------------------------------------------------------------------------------

    def see_resource(self, raw: Raw, *, deleted: bool = False) -> None:
        """A TranscriptionJob was seen, or was seen to be gone. One that is over and done with at first sight leaves nothing."""
        uid = raw["metadata"]["uid"]
        if deleted:
            self._lose(uid)
            return
        if self._caches.has_seen(uid, raw["metadata"]["resourceVersion"]):
            return
        is_known = self._caches.resource(uid) is not None
        resource = read_resource(raw)
        self._caches.put_resource(resource)
        phase = resource.status.phase
        self._metrics.see_phase(uid, resource.namespace, phase.value if phase else "Pending")
        # One that is known may be at work just now.
        if not is_known and ended(resource.status) and self._nothing_is_left_to_do(uid):
            self._settle(uid)
        else:
            self.queue.add(uid)

    def see_job(self, raw: Raw, *, deleted: bool = False) -> None:
        """A child Job was seen, or was seen to be gone."""
        job = read_job(raw)
        if deleted:
            self._caches.drop_job(job.uid)
        elif not self._caches.put_job(job):
            return  # as with what the operator itself wrote
        resource = self._caches.resource(job.owner_uid)
        if resource and resource.namespace == job.namespace:  # else it is settled, yet to be seen, or a stranger's invention
            self.queue.add(resource.uid)

    def see_pod(self, raw: Raw, *, deleted: bool = False) -> None:
        """A runner pod was seen, or was seen to be gone."""
        pod = read_pod(raw)
        if deleted:
            self._caches.drop_pod(pod)
        else:
            self._caches.put_pod(pod)
        if resource := self._caches.owner_of(pod):  # else the pod is looked at together with its Job
            self.queue.add(resource.uid, self._pacing.after_pod_event(resource.uid))

    def see_profile(self, raw: Raw, *, deleted: bool = False) -> None:
        """A profile of either kind was seen, or was seen to be gone: jobs that have not begun are looked at again."""
        profile = read_profile(raw)
        if deleted:
            self._caches.profiles.drop(profile)
        elif not self._caches.profiles.put(profile):
            return
        for uid in self._caches.yet_to_begin():
            self.queue.add(uid)

    # --- what the loop asks for -----------------------------------------------------------------------------------

    async def process(self, uid: str) -> float | None:
        """Look, decide, act. Returns in how many seconds to look again, if at all."""
        observed = self._caches.observed(uid)
        if observed is None:
            return None
        observed = replace(observed, contest=self._repetition.contest(uid))
        now = self._clock()
        if asked := job_to_explain(observed, now):
            await self._applier.restore_access(observed.resource.namespace)
            observed = replace(observed, creation_failure=await creation_failure(self._cluster, *asked))
        elif slow := pod_to_explain(observed, now):
            observed = replace(observed, start_event=await start_event(self._cluster, *slow))
        again: float | None = None
        plan = self._repetition.hold_back(uid, self._pruned.held_back(reconcile(observed, now, self._settings)))
        if (pause := self._pacing.holds_back(observed, plan)) and not plan.children:
            return pause if plan.requeue_after is None else min(pause, plan.requeue_after)
        refused: RefusedError | None = None
        events: list[EventRecord] = []
        try:
            if plan.children:
                events = await self._applier.children(observed.resource, plan.children)
                self._warn(observed.resource, self._repetition.acted(uid, plan.children))
                again = FIRST_PAUSE  # whether it stays: an answer that changes nothing brings no event
        except RefusedError as error:
            refused = error
            told = reconcile(replace(observed, refusal=error.refusal), now, self._settings)
            plan = self._repetition.hold_back(uid, self._pruned.held_back(told))
        if not await self._write_status(observed, plan, events, now):
            again = FIRST_PAUSE
        if refused and not plan.ends_run:
            raise refused
        if plan.settled:
            self._settle(uid)
        return min((seconds for seconds in (again, plan.requeue_after) if seconds is not None), default=None)

    def subject(self, uid: str) -> Subject | None:
        """What the log is to say of a job; None: it is settled or gone."""
        resource = self._caches.resource(uid)
        return Subject(KIND, resource.namespace, resource.name, uid, resource.status.job_name or "") if resource else None

    async def _write_status(self, observed: Observed, plan: Plan, events: list[EventRecord], now: datetime) -> bool:
        """Returns False when what is stored now is not what was asked for."""
        resource, kept = observed.resource, True
        try:
            if plan.status is not None:
                stored = await self._applier.status(resource, plan.status)
                kept = is_kept(plan.status, stored)
                self._tell_pruned(self._pruned.learn(plan.status, stored))
                self._pacing.written(observed)
                self._count(resource, read_status(stored), plan.ends_run, now)
                events = [*events, *plan.events]
                if lost := self._warn(resource, self._repetition.wrote(resource.uid, plan.status)):
                    events.append(EventRecord("Warning", "Contested", lost))
            self._caches.recorded(observed)
        finally:
            await self._applier.announce(resource, events, now)
        return kept

    def _warn(self, resource: Resource, message: str | None) -> str | None:
        if message:
            log.warning("%s/%s: %s", resource.namespace, resource.name, message)
        return message

    def _tell_pruned(self, fields: list[str]) -> None:
        if fields:
            log.warning(
                "the API server drops %s: the TranscriptionJob CRD is older than this operator (%s) and has to be replaced",
                ", ".join(fields),
                self._settings.version,
            )

    def _count(self, before: Resource, status: TranscriptionJobStatus, ends_run: bool, now: datetime) -> None:
        """Count what is stored now and was not before. What another operator has written since is that one's to count."""
        namespace = before.namespace
        if status.phase and self._caches.resource(before.uid):
            self._metrics.see_phase(before.uid, namespace, status.phase.value)
        if status.start_time and not before.status.start_time:
            self._metrics.count_start(namespace, _waiting_since(before), status.start_time)
        self._metrics.count_gains(
            namespace, self._counted.gained(before.uid, before.status, status), steps(before.status, status, now)
        )
        if ends_run:
            self._metrics.count_end(namespace, status)
        if self._caches.resource(before.uid) is None:  # deleted while its status was written
            self._counted.forget(before.uid)

    # --- listing --------------------------------------------------------------------------------------------------

    async def list_everything(self) -> None:
        """Bring the caches in line with the cluster, and look at whatever is not settled."""
        self._applier.recheck_access()
        for kind in (PROFILES, CLUSTER_PROFILES):  # first: a run that began without its profile would go on without it
            uids, version = await self._list(kind, None, self.see_profile)
            self._caches.profiles.keep_only(uids, version, of_cluster=not kind.namespaced)
        self._pruned.forget()
        uids, version = await self._list(JOBS, LABEL_JOB_UID, self.see_job)
        self._caches.jobs.keep_only(uids, version)
        uids, version = await self._list(PODS, LABEL_JOB_UID, self.see_pod)
        self._caches.pods.keep_only(uids, version)
        uids, version = await self._list(TRANSCRIPTION_JOBS, None, self.see_resource)
        for uid in self._caches.gone(uids, version):
            self._lose(uid)
        self._metrics.forget_the_gone()
        for uid in self._caches.unsettled():
            self.queue.add(uid)

    async def _list(self, kind: Kind, selector: str | None, see: Callable[[Raw], None]) -> tuple[set[str], str]:
        namespaces = self._settings.watch_namespaces if kind.namespaced else []
        return await list_all(self._cluster, kind, namespaces, selector, see, self._hearing)

    def _namespace_of(self, uid: str) -> str:
        resource = self._caches.resource(uid)
        return resource.namespace if resource else ""

    def _nothing_is_left_to_do(self, uid: str) -> bool:
        observed = self._caches.observed(uid)
        return observed is not None and reconcile(observed, self._clock(), self._settings).settled

    def _settle(self, uid: str) -> None:
        self._caches.settle(uid)
        self._repetition.forget(uid)
        self._pacing.forget(uid)
        self._counted.forget(uid)

    def _lose(self, uid: str) -> None:
        self._caches.forget(uid)
        self.queue.forget(uid)
        self._repetition.forget(uid)
        self._pacing.forget(uid)
        self._counted.forget(uid)
        self._metrics.lose(uid)


def _waiting_since(resource: Resource) -> datetime:
    """When the run began to wait for its first pod."""
    running = condition(resource.status.conditions, ConditionType.RUNNING)
    return running.last_transition_time if running else resource.created
