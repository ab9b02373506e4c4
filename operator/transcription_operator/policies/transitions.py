"""Which transitions does status tell? Those it told, and the one that the step to the new status is.

They are told to a sink from here, by whichever operator is there then: what status has is not lost with an operator, nor by an
outage of the sink. It is written together with the phase, so it costs no write of its own.
"""

from datetime import datetime

from transcription_api.names import MAX_TRANSITION_MESSAGE, MAX_TRANSITIONS
from transcription_api.status import ConditionType, Phase, TranscriptionJobStatus, Transition
from transcription_operator.policies.conditions import condition

_TELLING = {
    Phase.SUSPENDED: ConditionType.SUSPENDED,
    Phase.SUCCEEDED: ConditionType.COMPLETE,
    Phase.FAILED: ConditionType.FAILED,
}
"""The condition that says why the job is in a phase; of the other phases Running does."""


def transitions(stored: TranscriptionJobStatus, status: TranscriptionJobStatus, now: datetime) -> list[Transition] | None:
    """The last transitions, the one from `stored` to `status` among them if it is one: another phase, or another run."""
    known = stored.transitions or []
    if status.phase is None or (stored.phase, stored.job_name) == (status.phase, status.job_name):
        return stored.transitions
    telling = condition(status.conditions, _TELLING.get(status.phase, ConditionType.RUNNING))
    step = Transition(
        number=known[-1].number + 1 if known else 1,
        time=now.replace(microsecond=0),
        job_name=status.job_name or "",
        run_id=status.run_id or None,
        phase=status.phase,
        reason=telling.reason if telling else status.phase.value,
        message=(status.message or "")[:MAX_TRANSITION_MESSAGE] or None,
    )
    return [*known, step][-MAX_TRANSITIONS:]
