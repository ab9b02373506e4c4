"""How many requests are taken in at once: those that upload, wait or are in work. The next one is told when to come back.

The engine lets those that are in take turns, so a place is not a position in a line; when all are taken, the next request is the
one behind them all. One client may have all places as long as nobody else asks. For those who ask then there is a quarter of them
more, and until each client has at most its share, nobody beyond it gets another one.
"""

import math
import time
from collections import Counter, deque
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
        """`most`: a quarter more, at least one, can be taken, by clients that have fewer than their share."""
        self.most = most
        self._clock = clock
        self._freed: deque[float] = deque(maxlen=1000)
        self._held: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """By all clients together."""
        return self._held.total()

    @contextmanager
    def place(self, client: str) -> Iterator[None]:
        """A place for a client, which is free again whatever happens. Raises Refusal (TooManyRequests)."""
        if not may_have_another(self._held[client], len(self._held.keys() | {client}), self.taken, self.most):
            raise self._refused(client)
        self._held[client] += 1
        try:
            yield
        finally:
            self._held[client] -= 1
            if not self._held[client]:
                del self._held[client]
            self._freed.append(self._clock())

    def _refused(self, client: str) -> Refusal:
        mine, wait = self._held[client], seconds_to_wait(self._freed, self._clock())
        why = f"all {self.most} places are taken"
        if 0 < mine < self.taken:
            why += f", {mine} of them by you: those that become free are for clients with fewer"
        message = f"{why}; a place should be free in about {wait} s"
        return Refusal(429, "TooManyRequests", message, retry_after=wait, position=self.taken + 1)


def may_have_another(held: int, clients: int, taken: int, most: int) -> bool:
    """Whether one of so many clients, which holds `held` of the `taken` places, may have one more. `most`: see Places."""
    return taken < most or (held < max(1, most // clients) and taken < most + max(1, most // 4))


def seconds_to_wait(freed: Sequence[float], now: float) -> int:
    """Whole seconds until the next place should be free, by when places became free lately."""
    lately = sum(now - when <= REMEMBERED_SECONDS for when in freed)
    return min(LONGEST_SECONDS, math.ceil(REMEMBERED_SECONDS / lately)) if lately else LATER_SECONDS
