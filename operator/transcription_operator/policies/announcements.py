"""Which Events are due? Those that the change from one status to the next calls for, and no others.

They tell how a run ended, what keeps it from going on, and that it started after a long wait. What goes as it should is not told
on the way: status says it, with the time of each transition, and an Event costs the API server as much as a status.
"""

from datetime import timedelta

from transcription_api.status import ConditionType, Phase, TranscriptionJobStatus
from transcription_operator.plan import EventRecord
from transcription_operator.policies.conditions import condition, holds
from transcription_operator.profiles import PROFILE_NOT_FOUND, SEVERAL_DEFAULTS

_OBSTACLES = {
    "Unschedulable",
    "SecretNotFound",
    "SecretKeyNotFound",
    "ImagePullFailed",
    "ContainerNotStarted",
    "VolumeNotMounted",
    "PodsNotCreated",
    "JobRejected",
    "NameTaken",
    PROFILE_NOT_FOUND,
    SEVERAL_DEFAULTS,
    "WaitingForStore",
    "PodFailed",
}
LONG_WAIT = timedelta(minutes=1)
"""Whoever has waited for longer has gone to do something else, and is told of the start."""


def announcements(before: TranscriptionJobStatus, after: TranscriptionJobStatus) -> tuple[EventRecord, ...]:
    """Events for the step from `before` (empty at the start of a run) to `after`."""
    message = after.message or ""
    if before.phase is not after.phase and after.phase is Phase.SUCCEEDED:
        return (EventRecord("Normal", "Succeeded", message),)
    if before.phase is not after.phase and after.phase is Phase.FAILED:
        failed = condition(after.conditions, ConditionType.FAILED)
        return (EventRecord("Warning", failed.reason if failed else "Failed", message),)
    events = []
    was_suspended, is_suspended = (holds(s.conditions, ConditionType.SUSPENDED) for s in (before, after))
    was_running, is_running = (holds(s.conditions, ConditionType.RUNNING) for s in (before, after))
    if is_suspended and not was_suspended:
        events.append(EventRecord("Normal", "Suspended", message))
    if was_suspended and not is_suspended:
        events.append(EventRecord("Normal", "Resumed", "no longer suspended"))
    if is_running and not was_running and _waited(before, after) >= LONG_WAIT:
        events.append(EventRecord("Normal", "Started", message))
    reason, last = (_running_reason(s) for s in (after, before))
    if reason in _OBSTACLES and reason != last:
        events.append(EventRecord("Warning", reason, message))
    contest = condition(after.conditions, ConditionType.CONTESTED)
    if contest and not condition(before.conditions, ConditionType.CONTESTED):
        events.append(EventRecord("Warning", "Contested", contest.message))
    return tuple(events)


def _waited(before: TranscriptionJobStatus, after: TranscriptionJobStatus) -> timedelta:
    """How long the run had not been running."""
    waiting, running = (condition(status.conditions, ConditionType.RUNNING) for status in (before, after))
    return running.last_transition_time - waiting.last_transition_time if waiting and running else timedelta(0)


def _running_reason(status: TranscriptionJobStatus) -> str:
    found = condition(status.conditions, ConditionType.RUNNING)
    return found.reason if found else ""
