"""How a schedule stands, and how that is told: conditions, message, and the list of unfinished jobs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

from transcription_api.schedule import MAX_ACTIVE, ActiveJob, ScheduleCondition, ScheduleConditionType
from transcription_operator.schedule.observed import ScheduledJob

_MAX_MESSAGE = 4000

Truth = Literal["True", "False"]


@dataclass(frozen=True, slots=True)
class State:
    """The one thing to know about a schedule."""

    ready: bool
    reason: str
    message: str
    suspended_by_spec: bool = False

    @classmethod
    def scheduled(cls) -> Self:
        """All is well."""
        return cls(True, "Scheduled", "")

    @classmethod
    def waiting(cls, job: str) -> Self:
        """A run is due, and an earlier one goes on."""
        return cls(True, "Waiting", f"a run is due and waits for the end of {job}: concurrencyPolicy is Forbid")

    @classmethod
    def suspended(cls) -> Self:
        """The user wants no jobs to be made."""
        return cls(True, "Suspended", "spec.suspend is true: no jobs are made", suspended_by_spec=True)

    @classmethod
    def not_ready(cls, reason: str, message: str) -> Self:
        """Something keeps jobs from being made."""
        return cls(False, reason, message[:_MAX_MESSAGE])


def conditions(state: State, previous: list[ScheduleCondition], generation: int, now: datetime) -> list[ScheduleCondition]:
    """Ready and Suspended, always. A time changes only with its condition's status."""
    suspended = state.suspended_by_spec
    states: dict[ScheduleConditionType, tuple[Truth, str, str]] = {
        ScheduleConditionType.READY: ("True" if state.ready else "False", state.reason, state.message),
        ScheduleConditionType.SUSPENDED: ("True", state.reason, state.message) if suspended else ("False", "NotSuspended", ""),
    }
    before = {condition.type: condition for condition in previous}
    return [
        ScheduleCondition(
            type=kind,
            status=status,
            reason=reason,
            message=message,
            last_transition_time=before[kind].last_transition_time
            if kind in before and before[kind].status == status
            else now.replace(microsecond=0),
            observed_generation=generation,
        )
        for kind, (status, reason, message) in states.items()
    ]


def listed(active: list[ScheduledJob]) -> list[ActiveJob] | None:
    """The newest of the unfinished jobs, oldest first, as status lists them."""
    return [ActiveJob(name=job.name, uid=job.uid) for job in active[-MAX_ACTIVE:]] or None
