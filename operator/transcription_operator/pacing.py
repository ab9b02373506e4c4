"""How often a job's progress is written: the more shards its status lists, the larger each write and the longer until the next.

What is news (a phase, a condition, the end) is written at once; figures wait for their turn.
"""

from collections.abc import Callable

from transcription_operator.observed import Observed
from transcription_operator.plan import Plan

SHORTEST_PAUSE = 1.0
"""Seconds between two writes of the progress of a job with few shards."""
LONGEST_PAUSE = 10.0
SHARDS_PER_SECOND = 16


def pause_for(shards: int) -> float:
    """Seconds between two writes of the progress of a job with that many shards."""
    return min(LONGEST_PAUSE, max(SHORTEST_PAUSE, shards / SHARDS_PER_SECOND))


class Pacing:
    """Remembers of each job when its status was written last."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._next: dict[str, float] = {}

    def written(self, observed: Observed) -> None:
        """The status was written just now."""
        shards = max(len(observed.pods), len(observed.resource.status.shards or []))
        self._next[observed.resource.uid] = self._clock() + pause_for(shards)

    def after_pod_event(self, uid: str) -> float:
        """Seconds until to look at the job after one of its pods changed: at once, unless it has many."""
        pause = self.wait(uid)
        return pause if pause > SHORTEST_PAUSE else 0.0

    def wait(self, uid: str) -> float:
        """Seconds until progress may be written again."""
        return max(0.0, self._next.get(uid, 0.0) - self._clock())

    def holds_back(self, observed: Observed, plan: Plan) -> float:
        """Seconds for which what the plan would write has to wait; 0: it is news, or due."""
        return self.wait(observed.resource.uid) if plan.status is not None and plan.only_progress else 0.0

    def forget(self, uid: str) -> None:
        """The job is over or gone."""
        self._next.pop(uid, None)
