"""How many requests are taken in at once: those that upload, wait or are in work. The next one is told when to come back.

The engine lets those that are in take turns, so a place is not a position in a line; when all are taken, the next request is the
one behind them all.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from transcription_runner.serve.refusals import LATER_SECONDS, Refusal

REMEMBERED_SECONDS = 60.0
"""How far back the pace is looked at."""
LONGEST_SECONDS = 60
"""Nobody is told to stay away for longer."""


class Places:
    """A bounded number of places. Used from one thread, that of the event loop."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self.taken = most, 0
        self._clock = clock
        self._freed: deque[float] = deque(maxlen=1000)

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place, which is free again whatever happens. Raises Refusal (TooManyRequests)."""
        if self.taken >= self.most:
            wait = seconds_to_wait(self._freed, self._clock())
            raise Refusal(
                429,
                "TooManyRequests",
                f"all {self.most} places are taken; a place should be free in about {wait} s",
                retry_after=wait,
                position=self.taken + 1,
            )
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
            self._freed.append(self._clock())


def seconds_to_wait(freed: Sequence[float], now: float) -> int:
    """Whole seconds until the next place should be free, by when places became free lately."""
    lately = sum(now - when <= REMEMBERED_SECONDS for when in freed)
    return min(LONGEST_SECONDS, math.ceil(REMEMBERED_SECONDS / lately)) if lately else LATER_SECONDS
