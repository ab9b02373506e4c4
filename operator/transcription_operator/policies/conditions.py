"""Which conditions hold? A verdict in the form that machines read."""

from datetime import datetime
from typing import Literal

from transcription_api.status import Condition, ConditionType, Phase
from transcription_operator.observed import Contest
from transcription_operator.policies.verdict import Verdict

MAX_MESSAGE = 4000

Truth = Literal["True", "False"]


def conditions(verdict: Verdict, previous: list[Condition], generation: int, now: datetime) -> list[Condition]:
    """Suspended and Running always; Complete or Failed at the end. A time changes only with its condition's status."""
    phase, reason, message = verdict.phase, verdict.reason, verdict.message
    states: dict[ConditionType, tuple[Truth, str, str]] = {
        ConditionType.SUSPENDED: ("False", "NotSuspended", ""),
        ConditionType.RUNNING: ("False", reason, message),
    }
    if phase is Phase.SUSPENDED:
        states[ConditionType.SUSPENDED] = ("True", reason, message)
        states[ConditionType.RUNNING] = ("False", "Suspended", "")
    elif phase is Phase.RUNNING:
        states[ConditionType.RUNNING] = ("True", reason, message)
    elif phase is Phase.SUCCEEDED:
        states[ConditionType.RUNNING] = ("False", "Completed", "")
        states[ConditionType.COMPLETE] = ("True", reason, message)
    elif phase is Phase.FAILED:
        states[ConditionType.RUNNING] = ("False", "Failed", "")
        states[ConditionType.FAILED] = ("True", reason, message)
    before = {condition.type: condition for condition in previous}
    return [
        Condition(
            type=kind,
            status=status,
            reason=why,
            message=text[:MAX_MESSAGE],
            last_transition_time=before[kind].last_transition_time
            if kind in before and before[kind].status == status
            else now.replace(microsecond=0),
            observed_generation=generation,
        )
        for kind, (status, why, text) in states.items()
    ]


def contested(
    of: list[Condition], contest: Contest | None, stored: list[Condition], generation: int, now: datetime
) -> list[Condition]:
    """The conditions with Contested, while something does not stay done, and without it otherwise."""
    others = [condition for condition in of if condition.type is not ConditionType.CONTESTED]
    if contest is None:
        return others
    known = condition(stored, ConditionType.CONTESTED)
    return [
        *others,
        Condition(
            type=ConditionType.CONTESTED,
            status="True",
            reason="DoesNotStay",
            message=contest.message[:MAX_MESSAGE],
            last_transition_time=known.last_transition_time if known else now.replace(microsecond=0),
            observed_generation=generation,
        ),
    ]


def condition(of: list[Condition], kind: ConditionType) -> Condition | None:
    """The condition of that type, if it is there."""
    return next((condition for condition in of if condition.type is kind), None)


def holds(of: list[Condition], kind: ConditionType) -> bool:
    """Whether the condition is there and True."""
    found = condition(of, kind)
    return found is not None and found.status == "True"
