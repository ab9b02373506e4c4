"""Has the run been running, or waiting for its pods, for longer than it may?

The operator enforces both deadlines. The Job's own would count from the Job's start: a job that waited for a GPU for an hour
would be ended in its first minute on it. With the operator away a run may last longer; it ends when the operator is back.
"""

from datetime import datetime

from transcription_api.status import ConditionType, Phase, TranscriptionJobStatus
from transcription_operator.policies.spent import spent
from transcription_operator.policies.verdict import Case, Verdict


def within_deadlines(case: Case, verdict: Verdict) -> Verdict:
    """`verdict`, or the one that a deadline calls for; it says when the next deadline may pass."""
    if verdict.ended_at is not None or (case.job and case.job.ended):
        return verdict
    if verdict.phase is Phase.PENDING:
        since = _pending_since(case.previous, case.now)
        if any(pod.started and pod.started >= since for pod in case.pods):
            return verdict
        return within_pending_deadline(verdict, case.resolved.spec.pending_deadline_seconds, case.previous, case.now)
    return _while_running(case, verdict)


def within_pending_deadline(verdict: Verdict, limit: int | None, previous: TranscriptionJobStatus, now: datetime) -> Verdict:
    """`verdict` on a run that waits, or the one that a limit of so many seconds calls for."""
    if limit is None:
        return verdict
    left = limit - (now - _pending_since(previous, now)).total_seconds()
    if left > 0:
        return verdict.looked_at_again(left)
    message = f"no pod started within spec.pendingDeadlineSeconds ({limit}); {verdict.reason}: {verdict.message}"
    return Verdict(Phase.FAILED, "PendingDeadlineExceeded", message, now)


def _while_running(case: Case, verdict: Verdict) -> Verdict:
    limit = case.resolved.spec.active_deadline_seconds
    if limit is None or not any(pod.phase == "Running" for pod in case.pods):
        return verdict
    left = limit - spent(case.previous, case.pods, case.now).active_seconds
    if left > 0:
        return verdict.looked_at_again(left)
    return Verdict(Phase.FAILED, "DeadlineExceeded", f"did not end within spec.activeDeadlineSeconds ({limit})", case.now)


def _pending_since(previous: TranscriptionJobStatus, now: datetime) -> datetime:
    """When the run began to wait: at its beginning, at its resumption, or when its last pod was gone."""
    waiting = [c for c in previous.conditions if c.type in (ConditionType.RUNNING, ConditionType.SUSPENDED)]
    if not waiting or any(condition.status != "False" for condition in waiting):
        return now
    return max(condition.last_transition_time for condition in waiting)
