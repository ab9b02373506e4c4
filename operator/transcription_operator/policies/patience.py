"""What had better not be said yet, since in a moment there is more to say? Every status write is a message to all who watch.

Two states of an ordinary run last for a second or two and ask nothing of anybody: its first Job is made and its pods have yet to
start; its pods are done and the Job has yet to say so. Both are followed by news, and the news tells all. Everything else is said
at once, and these, too, if they last.
"""

from datetime import timedelta

from transcription_api.status import Phase
from transcription_operator.policies.verdict import FINISHING, PODS_CHANGING, PODS_STARTING, Case, Verdict
from transcription_operator.policies.waiting import seconds_left

UNTIL_PODS_START = timedelta(seconds=3)
UNTIL_THE_JOB_ENDS = timedelta(seconds=5)


def silence(case: Case, verdict: Verdict, *, nothing_said: bool) -> float | None:
    """Seconds for which the verdict, and the figures with it, may be kept back; None: it is to be said now.

    `nothing_said`: status is still empty, so that nothing in it is wrong meanwhile.
    """
    if case.observed.contest or case.observed.departed:
        return None
    if nothing_said and verdict.phase is Phase.PENDING and verdict.reason == PODS_STARTING:
        return seconds_left(case.job.created if case.job else case.now, UNTIL_PODS_START, case.now)
    if verdict.reason not in (PODS_CHANGING, FINISHING) or any(pod.phase in ("Pending", "Running") for pod in case.pods):
        return None
    moments = [pod.termination.at for pod in case.pods if pod.termination] + [case.job.ended_at if case.job else None]
    end = max((moment for moment in moments if moment), default=None)
    return seconds_left(end, UNTIL_THE_JOB_ENDS, case.now) if end else None
