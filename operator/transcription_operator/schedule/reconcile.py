"""The decision on a TranscriptionSchedule: is a run due, may it begin, and which ended jobs go? Pure; the clock is a parameter.

What was done is read off what is there: a run has been made if its job exists, or if status says so. A plan therefore holds
either actions or a status, never both: after the actions the schedule is looked at again, and status tells what was found. An
operator that is killed between the two finds the same.

The meaning is CronJob's: of several runs that were missed the last one is made up for; with startingDeadlineSeconds only while
that has not passed; what was due while the schedule was suspended counts as missed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from transcription_api.schedule import ConcurrencyPolicy, TranscriptionScheduleStatus
from transcription_operator.plan import EventRecord
from transcription_operator.schedule.announcements import announcements
from transcription_operator.schedule.history import beyond_limits
from transcription_operator.schedule.job import due_time, job_name, transcription_job
from transcription_operator.schedule.observed import ObservedSchedule, Schedule, ScheduledJob
from transcription_operator.schedule.plan import MakeJob, RemoveJob, ScheduleAction, SchedulePlan
from transcription_operator.schedule.state import State, conditions, listed
from transcription_operator.schedule.timetable import Due, Timetable, TimetableError
from transcription_operator.status_patch import status_patch


def reconcile(observed: ObservedSchedule, now: datetime) -> SchedulePlan:
    """What to do about one TranscriptionSchedule."""
    schedule = observed.schedule
    if schedule.deleting:
        return SchedulePlan()  # its jobs go with it, by their owner references
    try:
        timetable = Timetable.read(schedule.expression, schedule.time_zone)
    except TimetableError as error:
        return _settle(observed, now, _Outlook(State.not_ready(error.reason, str(error)), _made(observed, now)))
    outlook = _judge(observed, timetable, now)
    return SchedulePlan(actions=outlook.actions) if outlook.actions else _settle(observed, now, outlook)


@dataclass(frozen=True, slots=True)
class _Outlook:
    """How a schedule stands: what is to be done at once; if nothing, what its status says, and when to look again."""

    state: State
    made: datetime | None
    """The last run that a job was made for."""
    given_up: datetime | None = None
    """The last run for which it is too late."""
    missed: int = 0
    next: datetime | None = None
    look_again: datetime | None = None
    actions: tuple[ScheduleAction, ...] = ()


def _judge(observed: ObservedSchedule, timetable: Timetable, now: datetime) -> _Outlook:
    schedule, made = observed.schedule, _made(observed, now)
    given_up = schedule.status.last_missed_time
    missed = _passed_over(schedule, timetable, made)
    dealt_with = _dealt_with(schedule, made, given_up)
    due = timetable.due(dealt_with, now)
    if schedule.suspend:
        return _Outlook(State.suspended(), made, given_up, missed)
    following = timetable.next(max(now, dealt_with))
    deadline = _deadline(schedule, due)
    if due.latest and deadline and deadline < now:
        missed, given_up, due, deadline = missed + due.count, due.latest, Due(), None
    if due.latest is None:
        return _Outlook(State.scheduled(), made, given_up, missed, following, following)
    look_again = min(filter(None, (following, deadline)), default=None)
    if observed.refusal:
        state = State.not_ready(observed.refusal.reason, observed.refusal.message)
        return _Outlook(state, made, given_up, missed, following, look_again)
    active = _active(observed)
    if active and schedule.concurrency_policy is ConcurrencyPolicy.FORBID:
        return _Outlook(State.waiting(active[-1].name), made, given_up, missed, following, look_again)
    replaced = active if schedule.concurrency_policy is ConcurrencyPolicy.REPLACE else []
    return _Outlook(State.scheduled(), made, actions=(*_replace(replaced), _make(schedule, timetable, due.latest)))


def _settle(observed: ObservedSchedule, now: datetime, outlook: _Outlook) -> SchedulePlan:
    """Status, and once that stands, the ended jobs that are too many: what they tell is recorded before they go."""
    schedule = observed.schedule
    stored, status = schedule.status, _status(observed, outlook, now)
    patch = status_patch(stored, status)
    if patch is None and (gone := beyond_limits(schedule, observed.jobs)):
        return SchedulePlan(actions=tuple(RemoveJob(job.name, job.uid) for job in gone))
    look_again = outlook.look_again
    return SchedulePlan(
        status=patch,
        events=announcements(stored, status, observed.jobs, outlook.missed) if patch else (),
        missed=outlook.missed if patch else 0,
        requeue_after=max(0.0, (look_again - now).total_seconds()) if look_again else None,
    )


def _status(observed: ObservedSchedule, outlook: _Outlook, now: datetime) -> TranscriptionScheduleStatus:
    schedule, active = observed.schedule, _active(observed)
    successes = [job.ended_at for job in observed.jobs if job.ended == "Succeeded" and job.ended_at]
    return TranscriptionScheduleStatus(
        observed_generation=schedule.generation,
        conditions=conditions(outlook.state, schedule.status.conditions, schedule.generation, now),
        message=outlook.state.message or None,
        last_schedule_time=outlook.made,
        last_missed_time=outlook.given_up or schedule.status.last_missed_time,
        last_successful_time=max(filter(None, (schedule.status.last_successful_time, *successes)), default=None),
        next_schedule_time=outlook.next,
        active_count=len(active),
        active=listed(active),
    )


def _made(observed: ObservedSchedule, now: datetime) -> datetime | None:
    """The due time of the last run that a job was made for, by status or by a job that is there."""
    schedule = observed.schedule
    named = (due_time(schedule.name, job.name) for job in observed.jobs)
    # Anybody may have thought of a name with a time to come. Status counts in any case: the clock may have been set back.
    believed = [time for time in named if time and time <= now]
    return max(filter(None, (schedule.status.last_schedule_time, *believed)), default=None)


def _dealt_with(schedule: Schedule, made: datetime | None, given_up: datetime | None) -> datetime:
    """The moment up to which nothing is left to be decided. A schedule out of a backup is younger than its last run."""
    return max(filter(None, (made, given_up)), default=schedule.created)


def _passed_over(schedule: Schedule, timetable: Timetable, made: datetime | None) -> int:
    """How many runs nobody made between the last one that status knows of and the one that a job was made for since."""
    known = _dealt_with(schedule, schedule.status.last_schedule_time, schedule.status.last_missed_time)
    return max(0, timetable.due(known, made).count - 1) if made else 0


def _deadline(schedule: Schedule, due: Due) -> datetime | None:
    """The moment until which the run that is due may begin."""
    seconds = schedule.starting_deadline_seconds
    return due.latest + timedelta(seconds=seconds) if due.latest and seconds is not None else None


def _active(observed: ObservedSchedule) -> list[ScheduledJob]:
    """Unfinished jobs, oldest first."""
    unfinished = (job for job in observed.jobs if job.ended is None and not job.deleting)
    return sorted(unfinished, key=lambda job: (job.created, job.name))


def _replace(active: list[ScheduledJob]) -> tuple[RemoveJob, ...]:
    return tuple(
        RemoveJob(job.name, job.uid, EventRecord("Normal", "JobReplaced", f"deleted {job.name}: the next run is due"))
        for job in active
    )


def _make(schedule: Schedule, timetable: Timetable, due: datetime) -> MakeJob:
    local = due.astimezone(timetable.zone).isoformat()
    said = EventRecord("Normal", "JobCreated", f"made TranscriptionJob {job_name(schedule.name, due)}, due at {local}")
    return MakeJob(transcription_job(schedule, timetable, due), said)
