"""How long is a sink left alone that takes nothing? Twice as long each time, by chance a little less, and as long as it asks for.

A sink is one address: what keeps one event from it keeps them all. So the pause is everybody's, and while it fails one event at a
time is tried.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0


class Pauses:
    """`clock` and `sleep` are in seconds, `chance` is between 0 and 1."""

    def __init__(
        self,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        self._failures = 0
        self._failed_at = self._until = float("-inf")

    @property
    def failing(self) -> bool:
        """Whether the last attempt failed."""
        return self._failures > 0

    def failed(self, began: float, asked_for: float = 0.0) -> float:
        """An attempt that began then has failed. Returns the pause.

        Of several that were under way at the same time, one counts.
        """
        now = self._clock()
        if began > self._failed_at:
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._failures, 10)) * (1 - self._chance() / 2)
            self._failures += 1
            self._failed_at = now
            self._until = now + pause
        self._until = max(self._until, now + asked_for)
        return self._until - now

    def succeeded(self) -> None:
        """An attempt has succeeded."""
        self._failures = 0

    async def over(self) -> None:
        """Wait until the pause is over."""
        while (pause := self._until - self._clock()) > 0:
            await self._sleep(pause)
