"""What the reconcile of a TranscriptionSchedule decides."""

from dataclasses import dataclass
from typing import Any

from transcription_operator.plan import EventRecord


@dataclass(frozen=True, slots=True)
class MakeJob:
    """Make the TranscriptionJob of a run. One of that name that the schedule controls is the same run: success."""

    job: dict[str, Any]
    announcement: EventRecord
    """Said only by the operator whose request made the job."""


@dataclass(frozen=True, slots=True)
class RemoveJob:
    """Delete a TranscriptionJob, and what it owns in the background."""

    name: str
    uid: str
    announcement: EventRecord | None = None


ScheduleAction = MakeJob | RemoveJob


@dataclass(frozen=True, slots=True)
class SchedulePlan:
    """The outcome of one reconcile: either actions, after which it is to be looked at again at once, or a status."""

    actions: tuple[ScheduleAction, ...] = ()
    status: dict[str, Any] | None = None
    """A JSON merge patch of status; None when nothing changed."""
    events: tuple[EventRecord, ...] = ()
    missed: int = 0
    """Runs that this status patch records as missed."""
    requeue_after: float | None = None
    """Seconds after which to look again although nothing may have happened."""
