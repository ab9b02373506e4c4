"""Which Events are due about a schedule? Those that the step from one status to the next calls for, and no others."""

from collections.abc import Sequence

from transcription_api.schedule import ScheduleCondition, ScheduleConditionType, TranscriptionScheduleStatus
from transcription_operator.plan import EventRecord
from transcription_operator.schedule.observed import ScheduledJob
from transcription_operator.schedule.timetable import MOST_COUNTED


def announcements(
    before: TranscriptionScheduleStatus, after: TranscriptionScheduleStatus, jobs: Sequence[ScheduledJob], missed: int
) -> tuple[EventRecord, ...]:
    """Events for the step from `before` to `after`, in which `missed` runs were recorded as missed."""
    return (*_ended(before, jobs), *_missed(missed), *_transitions(before, after))


def _ended(before: TranscriptionScheduleStatus, jobs: Sequence[ScheduledJob]) -> list[EventRecord]:
    """Jobs that were unfinished, as far as status knew."""
    unfinished = {job.uid for job in before.active or []}
    ended = [job for job in jobs if job.uid in unfinished and job.ended]
    return [
        EventRecord("Normal", "JobSucceeded", f"{job.name} succeeded")
        if job.ended == "Succeeded"
        else EventRecord("Warning", "JobFailed", f"{job.name} failed: {job.message}")
        for job in ended
    ]


def _missed(runs: int) -> list[EventRecord]:
    if not runs:
        return []
    number = f"more than {MOST_COUNTED} runs were" if runs > MOST_COUNTED else f"{runs} runs were" if runs > 1 else "a run was"
    why = "the operator was away, the schedule was suspended, an earlier job was unfinished, or the job was refused"
    return [EventRecord("Warning", "MissedSchedule", f"{number} not begun in time: {why}")]


def _transitions(before: TranscriptionScheduleStatus, after: TranscriptionScheduleStatus) -> list[EventRecord]:
    events = []
    ready, was_ready = (_condition(s, ScheduleConditionType.READY) for s in (after, before))
    if ready and ready.status == "False" and (was_ready is None or was_ready.reason != ready.reason):
        events.append(EventRecord("Warning", ready.reason, ready.message))
    suspended, was_suspended = (_holds(s, ScheduleConditionType.SUSPENDED) for s in (after, before))
    if suspended and not was_suspended:
        events.append(EventRecord("Normal", "Suspended", after.message or ""))
    if was_suspended and not suspended:
        events.append(EventRecord("Normal", "Resumed", "no longer suspended"))
    return events


def _condition(status: TranscriptionScheduleStatus, kind: ScheduleConditionType) -> ScheduleCondition | None:
    return next((condition for condition in status.conditions if condition.type is kind), None)


def _holds(status: TranscriptionScheduleStatus, kind: ScheduleConditionType) -> bool:
    found = _condition(status, kind)
    return found is not None and found.status == "True"
