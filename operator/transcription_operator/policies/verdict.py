"""What state is the run in? A chain of questions, asked in order; the first that applies gives the answer."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from transcription_api.ledger import manifest_key
from transcription_api.names import ANNOTATION_REPORT
from transcription_api.status import Phase, Stage, TranscriptionJobStatus
from transcription_operator.observed import ChildJob, ChildPod, Observed
from transcription_operator.policies.estimate import what_is_to_do
from transcription_operator.policies.failed_files import beyond_hope, too_many
from transcription_operator.policies.failed_shards import failed_for_good, others_did_it_all, what_failed
from transcription_operator.policies.failure import FAILED_INDEXES, coming_end, job_cause, last_cause
from transcription_operator.policies.figures import Figures
from transcription_operator.policies.obstacle import obstacle
from transcription_operator.policies.pod_creation import next_look, podless_since
from transcription_operator.policies.pod_start import progress_of_start, start_obstacle, starting_since
from transcription_operator.policies.source import what_was_found
from transcription_operator.policies.unreachable import unreachable
from transcription_operator.policies.waiting import seconds_left
from transcription_operator.resolved import ResolvedSpec

REPORT_GRACE = timedelta(seconds=10)
"""How long the last reports of a finished Job are waited for: they come over another watch than the Job."""
FAILURE_GRACE = timedelta(seconds=2)
"""The same for a failed Job, whose pods may have died without a report."""
POD_PATIENCE = timedelta(seconds=30)
"""A Job that has made no pod for this long has a problem that only its events tell."""

TOO_MANY_FAILED_FILES = "TooManyFailedFiles"
PODS_STARTING, PODS_CHANGING, FINISHING = "PodsStarting", "PodsChanging", "Finishing"
"""Reasons of states that pass by themselves."""

_BEFORE_SPEECH = (Stage.STARTING, Stage.LOADING_MODEL)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of a run, and why."""

    phase: Phase
    reason: str
    message: str
    ended_at: datetime | None = None
    requeue_after: float | None = None

    def looked_at_again(self, seconds: float) -> "Verdict":
        """The same, to be looked at again in `seconds` or before."""
        return replace(self, requeue_after=min(seconds, self.requeue_after if self.requeue_after is not None else seconds))


@dataclass(frozen=True, slots=True)
class Case:
    """What a verdict rests on: the run's own Job, its own pods, its figures so far."""

    observed: Observed
    resolved: ResolvedSpec
    job: ChildJob | None
    pods: tuple[ChildPod, ...]
    figures: Figures
    previous: TranscriptionJobStatus
    """This run's status so far, with its shards as they are now."""
    now: datetime


def judge(case: Case) -> Verdict:
    """The state of the run."""
    questions = (
        *(_refused, _complete, _failed, _unreachable, _suspended, _queued, _suspended_by_other, _beyond_hope, _replaced),
        *(_running, _hindered, _podless, _failing, _retrying),
    )
    verdict = next(filter(None, (question(case) for question in questions)), None) or _pending(case)
    if case.job and case.observed.refusal and verdict.ended_at is None:
        refused = f"a change of Job {case.job.name} is refused, trying again: {case.observed.refusal.message}"
        verdict = replace(verdict, message=f"{verdict.message}; {refused}")
    since = podless_since(case.job, case.pods, case.previous) or starting_since(case.pods)
    if since is None or verdict.ended_at is not None:
        return verdict
    return verdict.looked_at_again(next_look(since, case.now))


def _refused(case: Case) -> Verdict | None:
    """The API server would not take the run's objects. Where it does not take a change of them, the run goes on as it is."""
    refusal = case.observed.refusal
    if refusal is None or case.job is not None:
        return None
    if refusal.final:
        return Verdict(Phase.FAILED, refusal.reason, f"refused: {refusal.message}", case.now)
    return Verdict(Phase.PENDING, refusal.reason, f"refused, trying again: {refusal.message}")


def _complete(case: Case) -> Verdict | None:
    job, figures = case.job, case.figures
    if job is None or not (job.ended == "Complete" or others_did_it_all(job, figures)):
        return None
    ended_at = job.ended_at or case.now
    missing = set(range(job.completions)) - figures.finished_shards - failed_for_good(job)
    if missing and (left := seconds_left(ended_at, REPORT_GRACE, case.now)):
        return _wait_for_reports(left)
    files, spec = figures.files, case.resolved.spec
    if files is not None and (message := too_many(files, spec)):
        return Verdict(Phase.FAILED, TOO_MANY_FAILED_FILES, message, ended_at)
    if files is None or (missing and figures.manifest is None):
        return Verdict(Phase.FAILED, "ReportsMissing", _reports_missing(case, missing), ended_at)
    if files.total < spec.source.min_files:
        found = what_was_found(spec.source, files, figures.ignored)
        message = f"{files.total} files, spec.source.minFiles asks for {spec.source.min_files}: {found}"
        return Verdict(Phase.FAILED, "TooFewFiles", message, ended_at)
    if files.total == 0:
        found = what_was_found(spec.source, files, figures.ignored)
        return Verdict(Phase.SUCCEEDED, "NoFilesMatched", f"nothing to do: {found}", ended_at)
    if spec.estimate_only:
        return Verdict(Phase.SUCCEEDED, "Estimated", what_is_to_do(figures), ended_at)
    message = f"{files.succeeded} transcribed, {files.skipped} already done, {files.failed} failed, of {files.total} files"
    if failed := what_failed(job, case.pods):
        message += f"; {failed}, the others did its files"
    return Verdict(Phase.SUCCEEDED, "Completed", message, ended_at)


def _failed(case: Case) -> Verdict | None:
    job = case.job
    if job is None or job.ended != "Failed":
        return None
    ended_at = job.ended_at or case.now
    # Where shards failed for good, whether the others did all is for their reports to say.
    grace = REPORT_GRACE if job.end_reason == FAILED_INDEXES else FAILURE_GRACE
    if left := seconds_left(ended_at, grace, case.now):
        return _wait_for_reports(left)
    cause = job_cause(job, case.pods, case.resolved.spec.active_deadline_seconds)
    return Verdict(Phase.FAILED, cause.reason, cause.message, ended_at)


def _unreachable(case: Case) -> Verdict | None:
    cause = unreachable(case.pods, case.figures, case.resolved.pods)
    return Verdict(Phase.FAILED, cause.reason, cause.message, case.now) if cause else None


def _suspended(case: Case) -> Verdict | None:
    if not case.resolved.spec.suspend:
        return None
    if case.job is not None and not case.job.suspended:
        return None  # the Job has yet to be told; until then it runs
    stopping = any(pod.phase == "Running" for pod in case.pods)
    message = "pods are stopping" if stopping else "set spec.suspend to false to go on; finished files are kept"
    return Verdict(Phase.SUSPENDED, "SuspendRequested", message)


def _queued(case: Case) -> Verdict | None:
    if case.job is None or not case.job.suspended or case.job.queue is None:
        return None
    return Verdict(Phase.PENDING, "Queued", f"waiting for quota in Kueue's queue {case.job.queue}")


def _suspended_by_other(case: Case) -> Verdict | None:
    """Neither spec.suspend nor a queue controller: somebody has suspended the Job itself, and knows why."""
    job = case.job
    if job is None or not job.suspended or job.last_applied.suspend:
        return None
    resume = f"""kubectl patch job -n {job.namespace} {job.name} --type=merge -p '{{"spec":{{"suspend":false}}}}'"""
    message = f"Job {job.name} itself was suspended, and not by spec.suspend; to go on: {resume}"
    return Verdict(Phase.SUSPENDED, "SuspendedByOther", message)


def _beyond_hope(case: Case) -> Verdict | None:
    """Asked of no run that is suspended: it costs nothing, and who suspended it may yet raise the limit."""
    message = beyond_hope(case.figures, case.resolved.spec)
    return Verdict(Phase.FAILED, TOO_MANY_FAILED_FILES, message, case.now) if message else None


def _replaced(case: Case) -> Verdict | None:
    if case.job is None or not case.job.deleting:
        return None
    return Verdict(Phase.PENDING, "JobDeleted", f"Job {case.job.name} is being deleted; it is made again once it is gone")


def _running(case: Case) -> Verdict | None:
    running = sum(pod.phase == "Running" and not pod.deleting for pod in case.pods)
    if not running:
        return None
    present = {pod.name for pod in case.pods if pod.phase == "Running"}
    shards = [shard for shard in case.previous.shards or [] if shard.pod_name in present]
    for shard in shards:
        if shard.stage is Stage.WAITING_FOR_STORE:
            return Verdict(Phase.RUNNING, "WaitingForStore", shard.message or "the store does not answer; trying again")
    message = f"{running} of {case.resolved.pods} pods running"
    if case.resolved.spec.estimate_only:
        message = "looking through the source; nothing is transcribed (spec.estimateOnly)"
    elif shards and all(shard.stage in _BEFORE_SPEECH for shard in shards):
        message += ", loading the model"
    if case.job and (failed := what_failed(case.job, case.pods)):
        message += f"; {failed}, the others do its files"
    hindrance = obstacle(case.pods)
    if hindrance:
        message += f"; {hindrance.reason}: {hindrance.message}"
    return Verdict(Phase.RUNNING, "PodsRunning", message)


def _hindered(case: Case) -> Verdict | None:
    hindrance = obstacle(case.pods) or start_obstacle(case.observed.start_event)
    return Verdict(Phase.PENDING, hindrance.reason, hindrance.message) if hindrance else None


def _podless(case: Case) -> Verdict | None:
    """The Job makes no pod, and its Events say why."""
    cause = case.observed.creation_failure
    return Verdict(Phase.PENDING, "PodsNotCreated", cause) if cause else None


def _failing(case: Case) -> Verdict | None:
    """What ends the run has happened; the Job controller has yet to say so."""
    if case.job is None:
        return None
    spec = case.resolved.spec
    end = coming_end(case.job, case.pods, spec.backoff_limit if spec.backoff_limit_per_index is None else None)
    return Verdict(_going_on(case), "Failing", f"the run is about to end; {end.reason}: {end.message}") if end else None


def _retrying(case: Case) -> Verdict | None:
    failed = failed_for_good(case.job) if case.job else frozenset()
    cause = last_cause(pod for pod in case.pods if pod.index not in failed)
    if cause:
        return Verdict(_going_on(case), "PodFailed", f"a failed pod is being replaced; {cause.reason}: {cause.message}")
    if case.previous.phase is not Phase.RUNNING:
        return None
    return Verdict(Phase.RUNNING, PODS_CHANGING, "pods are being replaced or are done")


def _going_on(case: Case) -> Phase:
    """The phase while no pod runs: that of a moment ago."""
    return Phase.RUNNING if case.previous.phase is Phase.RUNNING else Phase.PENDING


def _pending(case: Case) -> Verdict:
    job = case.job
    if job is None or case.pods or job.started is None:
        loading = progress_of_start(case.observed.start_event)
        return Verdict(Phase.PENDING, PODS_STARTING, f"waiting for the first pod to start{loading}")
    if left := seconds_left(job.started, POD_PATIENCE, case.now):
        return Verdict(Phase.PENDING, PODS_STARTING, "waiting for the first pod to start", requeue_after=left)
    namespace = case.observed.resource.namespace
    message = f"Job {job.name} makes no pod; its events say why: kubectl describe job -n {namespace} {job.name}"
    return Verdict(Phase.PENDING, "PodsNotCreated", message)


def _wait_for_reports(seconds: float) -> Verdict:
    return Verdict(Phase.RUNNING, FINISHING, "the pods are done; their last reports are due", requeue_after=seconds)


def _reports_missing(case: Case, missing: set[int]) -> str:
    """Whoever cannot say what failed has not succeeded; the manifest may say it."""
    shown = ", ".join(str(index) for index in sorted(missing)[:10]) + (", ..." if len(missing) > 10 else "")
    output, name = case.resolved.effective.output, case.observed.resource.name
    return (
        f"all pods ended well, but how many files failed is not known: no last report of shard {shown} arrived, neither in the "
        f"pod's annotation {ANNOTATION_REPORT} nor in its termination message. What was transcribed is written; see the manifest "
        f"{output.bucket}/{manifest_key(output.prefix, name)} and the ledger below {output.bucket}/{output.prefix}.ledger/. "
        "Another spec.runId runs again and skips what is done"
    )
