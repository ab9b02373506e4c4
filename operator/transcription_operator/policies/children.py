"""What has to change among the child objects?"""

from transcription_api.status import Phase, TranscriptionJobStatus
from transcription_operator.children.job import QUEUE_LABEL, job
from transcription_operator.observed import ChildJob, Observed
from transcription_operator.plan import ChildAction, DeleteJob, EventRecord, PatchJob, StartRun
from transcription_operator.resolved import ResolvedSpec
from transcription_operator.run import Run


def retire_older_runs(observed: Observed, run: Run) -> list[ChildAction]:
    """Remove what an older run left unfinished; its finished Jobs go by their time to live."""
    return [action for child in observed.jobs if child.name != run.job_name for action in finish(observed, child)]


def stops(actions: list[ChildAction], run: Run) -> bool:
    """Whether `actions` send the run's pods away."""
    return any(
        (isinstance(action, DeleteJob) and action.name == run.job_name)
        or (isinstance(action, PatchJob) and action.spec.get("suspend") is True)
        for action in actions
    )


def finish(observed: Observed, child: ChildJob) -> list[ChildAction]:
    """What is left to do for the Job of a run that is over: one that has not ended by itself goes, with its pods."""
    if child.ended is None:
        return [] if child.deleting else [DeleteJob(child.name, child.uid)]
    return _expire(observed, child)


def _expire(observed: Observed, child: ChildJob) -> list[ChildAction]:
    """Give a finished Job, whose end is recorded, its time to live."""
    seconds = observed.resource.spec.get("ttlSecondsAfterFinished")
    if child.deleting or seconds is None or child.ttl_seconds == seconds:
        return []
    return [PatchJob(child.name, {"ttlSecondsAfterFinished": seconds})]


def carry_out(observed: Observed, run: Run, resolved: ResolvedSpec, child: ChildJob | None) -> list[ChildAction]:
    """Make the run's Job, or bring its mutable fields in line with the spec."""
    spec, queued = resolved.spec, QUEUE_LABEL in observed.resource.labels
    if child is None:
        return [] if queued and spec.suspend else [_start(observed, run, resolved)]
    if child.ended or child.deleting:
        return []
    # Kueue owns `suspend` of a Job that it queues: such a Job is stopped by removing it.
    if queued and spec.suspend:
        return [DeleteJob(child.name, child.uid)]
    changes: dict[str, object] = {}
    if not queued and child.suspended != spec.suspend:
        changes["suspend"] = spec.suspend
    if child.parallelism != spec.parallelism:
        # An Indexed Job takes another size only when both change together.
        changes |= {"parallelism": spec.parallelism, "completions": spec.parallelism}
    return [PatchJob(child.name, changes)] if changes else []


def _start(observed: Observed, run: Run, resolved: ResolvedSpec) -> StartRun:
    resource = observed.resource
    pods = resolved.spec.parallelism
    word = "JobRecreated" if resource.status.start_time else "JobCreated"
    return StartRun(
        job=job(resource, run, resolved),
        announcement=EventRecord("Normal", word, f"made Job {run.job_name} with {pods} pod{'s' if pods > 1 else ''}"),
    )


def ended(status: TranscriptionJobStatus) -> bool:
    """Whether the run that `status` speaks of is over."""
    return status.phase in (Phase.SUCCEEDED, Phase.FAILED)
