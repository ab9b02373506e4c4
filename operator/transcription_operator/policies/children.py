"""What has to change among the child objects?"""

from transcription_api.names import LABEL_QUEUE
from transcription_api.status import Phase, TranscriptionJobStatus
from transcription_operator.children.job import job
from transcription_operator.last_applied import Applied
from transcription_operator.observed import ChildJob, Observed
from transcription_operator.plan import ChildAction, DeleteJob, EventRecord, PatchJob, StartRun
from transcription_operator.policies.dead_devices import is_to_be_moved
from transcription_operator.resolved import ResolvedSpec, time_to_live
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
    resource = observed.resource
    seconds = time_to_live(resource.spec, resource.status.effective)
    if child.deleting or child.ttl_seconds == seconds:
        return []
    return [PatchJob(child.name, child.uid, {"ttlSecondsAfterFinished": seconds})]


def carry_out(observed: Observed, run: Run, resolved: ResolvedSpec, child: ChildJob | None) -> list[ChildAction]:
    """Make the run's Job, or pass on what has changed in the spec."""
    spec = resolved.spec
    if child is None:
        queued = LABEL_QUEUE in observed.resource.labels
        return [] if queued and spec.suspend else [_start(observed, run, resolved)]
    if child.ended or child.deleting:
        return []
    own = [pod for pod in observed.pods if pod.owner_uid == child.uid]
    if is_to_be_moved(child, own, spec, observed.resource.status.avoided_nodes or []):
        return [DeleteJob(child.name, child.uid)]
    # A queue controller owns `suspend` of a Job that it queues: such a Job is stopped by removing it.
    if child.queue is not None and spec.suspend:
        return [DeleteJob(child.name, child.uid)]
    changes = _changes(child, Applied(spec.suspend, resolved.pods))
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


def _start(observed: Observed, run: Run, resolved: ResolvedSpec) -> StartRun:
    """The run's Job. That it was made, status tells; that it had to be made again, nothing else would."""
    resource = observed.resource
    began = run.recorded and resource.status.start_time
    avoided = resource.status.avoided_nodes
    away = f"; its pods keep away from node {', '.join(avoided)}, whose GPU stopped working" if avoided else ""
    again = EventRecord("Normal", "JobRecreated", f"Job {run.job_name} was gone before the run had ended: made again{away}")
    return StartRun(job(resource, run, resolved), again if began else None)


def ended(status: TranscriptionJobStatus) -> bool:
    """Whether the run that `status` speaks of is over."""
    return status.phase in (Phase.SUCCEEDED, Phase.FAILED)
