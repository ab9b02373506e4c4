"""The one decision: from what is observed now to what is to be done. Pure; the clock is a parameter.

It rests on the present state alone, never on which event arrived, so that a lost or doubled event, a restart at any line and a
second operator all lead to the same end.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from transcription_api.effective import Effective
from transcription_api.report import ShardReport
from transcription_api.status import Forecast, Phase, Shard, TranscriptionJobStatus
from transcription_operator.observed import ChildJob, ChildPod, Observed
from transcription_operator.plan import ChildAction, Plan
from transcription_operator.policies.announcements import announcements
from transcription_operator.policies.beginning import began_with, is_first
from transcription_operator.policies.bounds import within_bounds
from transcription_operator.policies.children import carry_out, ended, finish, retire_older_runs, stops
from transcription_operator.policies.conditions import MAX_MESSAGE, conditions, contested
from transcription_operator.policies.dead_devices import nodes_to_avoid
from transcription_operator.policies.deadlines import within_deadlines, within_pending_deadline
from transcription_operator.policies.estimate import PROGRESS, what_it_takes
from transcription_operator.policies.figures import Figures, add_up, percent, speed
from transcription_operator.policies.forecast import RunSoFar, Terms, forecast_of_estimate, renewed
from transcription_operator.policies.patience import silence
from transcription_operator.policies.pod_creation import is_to_be_explained, podless_since
from transcription_operator.policies.pod_start import slow_to_start
from transcription_operator.policies.shards import reports_by_age, shards
from transcription_operator.policies.source import seen
from transcription_operator.policies.spent import Spent, running_seconds, spent
from transcription_operator.policies.transitions import transitions
from transcription_operator.policies.verdict import Case, Verdict, judge
from transcription_operator.resolved import InvalidSpecError, ProfileLackingError, resolve
from transcription_operator.run import Run, current_run
from transcription_operator.settings import OperatorSettings
from transcription_operator.status_patch import only_progress, status_patch


def reconcile(observed: Observed, now: datetime, settings: OperatorSettings) -> Plan:
    """What to do about one TranscriptionJob."""
    resource = observed.resource
    if resource.deleting:
        return Plan(settled=True)  # its children go with it, by their owner references
    run = current_run(resource.name, resource.uid, resource.run_id, resource.status)
    actions = retire_older_runs(observed, run)
    child, pods = _own(observed, run)
    if run.recorded and ended(resource.status):
        actions += finish(observed, child) if child else []
        return _plan(observed, _seen(resource.status, resource.generation), tuple(actions), now, settled=not actions)

    previous = resource.status if run.recorded else TranscriptionJobStatus()
    reports = reports_by_age(pod for pod in (*observed.departed, *observed.pods) if child and pod.owner_uid == child.uid)
    reported = shards(previous.shards or [], reports)
    figures = add_up(reported, reports, previous, now)
    first = is_first(run, resource.status)
    effective = began_with(run, resource.status, child)
    silent_for: float | None = None
    try:
        resolved = resolve(resource.spec, settings, effective, observed.profile, resource.labels)
    except ProfileLackingError as error:
        limit = resource.spec.get("pendingDeadlineSeconds")
        verdict = within_pending_deadline(Verdict(Phase.PENDING, error.reason, str(error)), limit, previous, now)
    except InvalidSpecError as error:
        verdict = Verdict(Phase.FAILED, "InvalidSpec", str(error), now)
    else:
        effective = resolved.effective
        so_far = previous.model_copy(update={"shards": reported})
        case = Case(observed, resolved, child, pods, figures, so_far, now)
        verdict = within_deadlines(case, judge(case))
        # A later run is recorded before its Job is made: the name rests on what status said before.
        if (run.recorded or first) and observed.refusal is None and verdict.ended_at is None:
            actions += carry_out(observed, run, resolved, child)
        silent_for = silence(case, verdict, nothing_said=first)
    if silent_for is not None:
        return Plan(tuple(actions), requeue_after=verdict.looked_at_again(silent_for).requeue_after)
    # Whichever write follows on the stop, pods may be gone at the next look: those that are seen now count up to now.
    stopping = stops(actions, run) or (verdict.phase is Phase.SUSPENDED and previous.phase is not Phase.SUSPENDED)
    last_moment = now if stopping else verdict.ended_at or figures.reported_at
    started = previous.start_time or min((pod.started for pod in pods if pod.started), default=None)
    avoided = nodes_to_avoid(previous.avoided_nodes or [], pods)
    estimate_only = bool(resource.spec.get("estimateOnly"))
    time = spent(previous, pods, last_moment)
    known = _Known(previous, effective, figures, reported, started, time, avoided, estimate_only)
    forecast = _forecast(known, verdict, observed, pods, reports, settings)
    if estimate_only and forecast:
        verdict = replace(verdict, message=verdict.message + what_it_takes(forecast, _parallelism(known, observed)))
    status = _status(verdict, run, known, forecast, resource.generation, now)
    steps = transitions(resource.status, status, now) if settings.events else resource.status.transitions
    status = within_bounds(status.model_copy(update={"transitions": steps}))
    # What is recorded is acted on at the next look: the Job is made, or made anew elsewhere; pods that go tell nothing any more.
    at_once = not (run.recorded or first) or avoided != (previous.avoided_nodes or [])
    requeue_after = 0.0 if at_once else verdict.requeue_after
    return _plan(observed, status, tuple(actions), now, new_run=not run.recorded, requeue_after=requeue_after)


def job_to_explain(observed: Observed, now: datetime) -> tuple[ChildJob, datetime] | None:
    """The run's Job, and since when it has had no pod, if that is to be looked up in its Events before the decision."""
    child, pods = _under_way(observed)
    since = podless_since(child, pods, observed.resource.status)
    return (child, since) if child and since and is_to_be_explained(since, now) else None


def pod_to_explain(observed: Observed, now: datetime) -> tuple[ChildPod, datetime] | None:
    """A pod that does not start, and since when it has been there, if that is to be looked up likewise."""
    _, pods = _under_way(observed)
    pod = slow_to_start(pods)
    return (pod, pod.created) if pod and is_to_be_explained(pod.created, now) else None


def _under_way(observed: Observed) -> tuple[ChildJob | None, tuple[ChildPod, ...]]:
    """The Job and the pods of a run that goes on; nothing where none does."""
    resource = observed.resource
    run = current_run(resource.name, resource.uid, resource.run_id, resource.status)
    if resource.deleting or ended(resource.status) or not run.recorded:
        return None, ()
    return _own(observed, run)


def _own(observed: Observed, run: Run) -> tuple[ChildJob | None, tuple[ChildPod, ...]]:
    """The run's Job and its pods."""
    child = next((job for job in observed.jobs if job.name == run.job_name), None)
    return child, tuple(pod for pod in observed.pods if child and pod.owner_uid == child.uid)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a status tells of a run, besides the verdict."""

    previous: TranscriptionJobStatus
    effective: Effective | None
    figures: Figures
    reported: list[Shard]
    started: datetime | None
    time: Spent
    avoided_nodes: list[str]
    estimate_only: bool

    def running_until(self, moment: datetime | None) -> float | None:
        """Seconds of running, up to `moment` where that is not known better."""
        return running_seconds(self.time, self.started, moment)


def _forecast(
    known: _Known,
    verdict: Verdict,
    observed: Observed,
    pods: tuple[ChildPod, ...],
    reports: list[ShardReport],
    settings: OperatorSettings,
) -> Forecast | None:
    figures = known.figures
    if known.effective is None or verdict.phase is Phase.FAILED:
        return None
    terms = Terms(known.effective, settings.price, observed.speeds)
    if known.estimate_only:
        over = verdict.phase is Phase.SUCCEEDED
        return forecast_of_estimate(figures, _parallelism(known, observed), terms) if over else None
    if verdict.phase is not Phase.RUNNING:
        return None
    at_work = sum(pod.phase == "Running" and not pod.deleting for pod in pods)
    running = known.running_until(figures.reported_at)
    return renewed(known.previous, RunSoFar(figures, reports, at_work, known.started, running, known.time), terms)


def _parallelism(known: _Known, observed: Observed) -> int:
    """How many pods the run has, or an estimate's run would have."""
    asked_for: int | None = observed.resource.spec.get("parallelism")
    return asked_for or (known.effective.parallelism if known.effective else None) or 1


def _status(
    verdict: Verdict, run: Run, known: _Known, forecast: Forecast | None, generation: int, now: datetime
) -> TranscriptionJobStatus:
    over = verdict.ended_at is not None
    effective, figures, time = known.effective, known.figures, known.time
    running = known.running_until(verdict.ended_at or figures.reported_at)
    complete = verdict.phase is Phase.SUCCEEDED or (over and figures.every_file_is_done)
    return TranscriptionJobStatus(
        observed_generation=generation,
        phase=verdict.phase,
        conditions=conditions(verdict, known.previous.conditions, generation, now),
        message=verdict.message[:MAX_MESSAGE],
        run_id=run.run_id,
        job_name=run.job_name,
        model=effective.model.name.rstrip("/").rpartition("/")[2] if effective else None,
        effective=effective,
        start_time=known.started,
        completion_time=verdict.ended_at.replace(microsecond=0) if verdict.ended_at else None,
        files=figures.files,
        ignored=figures.ignored if figures.ignored and seen(figures.ignored) else None,
        survey=figures.survey,
        file_progress=figures.file_progress,
        audio_seconds=figures.audio_seconds,
        progress=PROGRESS if known.estimate_only else "100%" if complete else percent(figures),
        active_seconds=time.active_seconds if time.until else None,
        gpu_seconds=time.pod_seconds if time.until and effective and effective.on_gpu and not known.estimate_only else None,
        accounted_until=time.until,
        real_time_factor=speed(figures, running),
        estimated_completion_time=forecast.end_time if forecast else None,
        forecast=forecast,
        languages=figures.languages,
        word_times=figures.word_times,
        failures=figures.failures,
        shards=known.reported or None,
        avoided_nodes=known.avoided_nodes or None,
        manifest=figures.manifest,
    )


def _seen(status: TranscriptionJobStatus, generation: int) -> TranscriptionJobStatus:
    """The status of a run that is over: nothing but the generation that it has seen changes any more."""
    return status.model_copy(
        update={
            "observed_generation": generation,
            "conditions": [c.model_copy(update={"observed_generation": generation}) for c in status.conditions],
        }
    )


def _plan(
    observed: Observed,
    status: TranscriptionJobStatus,
    actions: tuple[ChildAction, ...],
    now: datetime,
    *,
    new_run: bool = False,
    requeue_after: float | None = None,
    settled: bool = False,
) -> Plan:
    stored, contest = observed.resource.status, observed.contest
    told = contested(status.conditions, contest, stored.conditions, observed.resource.generation, now)
    status = status.model_copy(update={"conditions": told})
    patch = status_patch(stored, status)
    settled = settled and patch is None and contest is None
    before = TranscriptionJobStatus() if new_run else stored
    if ended(status) and (patch or actions):
        requeue_after = 0.0  # what is left, such as the time to live, is done once this is written
    elif contest and requeue_after is None:
        requeue_after = contest.over_in
    return Plan(
        children=actions,
        status=patch,
        events=announcements(before, status) if patch else (),
        only_progress=not new_run and only_progress(stored, status),
        requeue_after=requeue_after,
        ends_run=ended(status) and not ended(before),
        settled=settled,
    )
