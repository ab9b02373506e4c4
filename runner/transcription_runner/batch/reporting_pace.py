"""When a pod reports: the more pods a run has, the more seldom each, so that all of them together stay a light load.

Every pod of a run begins, loads its model and ends at about the same time, so what many do at once is spread by chance.
"""

import random
from collections.abc import Callable

SHORTEST_SECONDS = 3.0
"""Between two reports of a pod that has few beside it."""
REPORTS_PER_SECOND = 6.0
"""Of all pods of a run together."""
HEARTBEAT_INTERVALS = 10
"""A report without news is sent after so many intervals."""
LONGEST_PAUSE_SECONDS = 120.0
"""After failures, unless the server asks for more patience."""


def pods_known(parallelism: int, index: int) -> int:
    """How many pods the run has at least: its size when it began, or more when this pod came later."""
    return max(parallelism, index + 1)


class ReportingPace:
    """Gives the moments, in seconds of any clock; `chance` gives numbers from 0 to 1."""

    def __init__(self, pods: int, chance: Callable[[], float] = random.random) -> None:
        self.interval = max(SHORTEST_SECONDS, pods / REPORTS_PER_SECOND)
        self._spread = self.interval if self.interval > SHORTEST_SECONDS else 0.0
        self._chance = chance
        self._failures = 0

    @property
    def heartbeat(self) -> float:
        """Seconds after which a report is sent although nothing is new."""
        return HEARTBEAT_INTERVALS * self.interval

    def after_news(self) -> float:
        """Seconds until a change of stage is told: none beside few pods; beside many, a part of the interval by chance."""
        return self._spread * self._chance()

    def after_success(self) -> float:
        """Seconds until the next report."""
        self._failures = 0
        return self.interval + self._spread * (self._chance() - 0.5) / 5

    def after_failure(self, asked_for: float | None = None) -> float:
        """Seconds until the next try: twice as long each time, by chance up to half as long again; `asked_for` at least."""
        self._failures += 1
        pause: float = min(LONGEST_PAUSE_SECONDS, self.interval * 2.0 ** min(self._failures - 1, 10))
        return max(pause, asked_for or 0.0) * (1 + self._chance() / 2)
