"""What has to change among the child objects?"""

from transcription_api.names import LABEL_QUEUE
from transcription_api.status import Phase, TranscriptionJobStatus
from transcription_operator.children.config_map import config_map
from transcription_operator.children.job import job
from transcription_operator.observed import Applied, ChildJob, Observed
from transcription_operator.plan import ChildAction, DeleteConfigMap, DeleteJob, EventRecord, PatchJob, StartRun
from transcription_operator.resolved import ResolvedSpec
from transcription_operator.run import Run
from transcription_operator.settings import RunnerDefaults


def retire_older_runs(observed: Observed, run: Run) -> list[ChildAction]:
    """Remove what an older run left unfinished; its finished Jobs go by their time to live."""
    actions: list[ChildAction] = []
    for child in observed.jobs:
        if child.name == run.job_name or child.deleting:
            continue
        if child.ended is None:
            actions.append(DeleteJob(child.name, child.uid))
        else:
            actions += expire(observed, child)
    older = observed.resource.status.job_name
    if not run.recorded and older and older != run.job_name:
        actions.append(DeleteConfigMap(older))
    return actions


def expire(observed: Observed, child: ChildJob) -> list[ChildAction]:
    """Give a finished Job, whose end is recorded, its time to live."""
    seconds = observed.resource.spec.get("ttlSecondsAfterFinished")
    if child.ended is None or child.deleting or seconds is None or child.ttl_seconds == seconds:
        return []
    return [PatchJob(child.name, child.uid, {"ttlSecondsAfterFinished": seconds})]


def carry_out(
    observed: Observed, run: Run, resolved: ResolvedSpec, child: ChildJob | None, runner: RunnerDefaults
) -> list[ChildAction]:
    """Make the run's Job, or pass on what has changed in the spec."""
    spec = resolved.spec
    if child is None:
        queued = LABEL_QUEUE in observed.resource.labels
        return [] if queued and spec.suspend else [_start(observed, run, resolved, runner)]
    if child.ended or child.deleting:
        return []
    # A queue controller owns `suspend` of a Job that it queues: such a Job is stopped by removing it.
    if child.queue is not None and spec.suspend:
        return [DeleteJob(child.name, child.uid)]
    changes = _changes(child, Applied(spec.suspend, spec.parallelism))
    return [PatchJob(child.name, child.uid, *changes)] if changes else []


def _changes(child: ChildJob, wanted: Applied) -> tuple[dict[str, object], dict[str, str]] | None:
    """Fields and annotation: what the spec says now and the Job has not been given yet. What others have changed since stays.

    The one exception: nobody but a queue controller has a say in the size of a Job.
    """
    given = child.last_applied
    changes: dict[str, object] = {}
    if child.queue is None and wanted.suspend != given.suspend:
        changes["suspend"] = wanted.suspend
    resized = wanted.parallelism != (given.parallelism if child.queue is not None else child.parallelism)
    if resized:
        # An Indexed Job takes another size only when both change together.
        changes |= {"parallelism": wanted.parallelism, "completions": wanted.parallelism}
    return (changes, wanted.annotation()) if changes else None


def _start(observed: Observed, run: Run, resolved: ResolvedSpec, runner: RunnerDefaults) -> StartRun:
    resource = observed.resource
    pods = resolved.spec.parallelism
    word = "JobRecreated" if resource.status.start_time else "JobCreated"
    return StartRun(
        config_map=config_map(resource, run, resolved),
        job=job(resource, run, resolved, runner),
        announcement=EventRecord("Normal", word, f"made Job {run.job_name} with {pods} pod{'s' if pods > 1 else ''}"),
    )


def ended(status: TranscriptionJobStatus) -> bool:
    """Whether the run that `status` speaks of is over."""
    return status.phase in (Phase.SUCCEEDED, Phase.FAILED)
