"""Holding back while the API server says that it has too much to do (429, Retry-After).

Its priority and fairness give each client its share. A refusal concerns all that this client asks, so all requests wait and not
only the one that was refused; and they do not come back at the same moment.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping

log = logging.getLogger(__name__)

USUAL_PAUSE = 1.0
"""Seconds, when the API server names none."""
LONGEST_PAUSE = 60.0
MOST_REFUSALS = 5
"""So often is one request refused and made again; then it fails, and whoever asked tries later."""


class Throttle:
    """The pause that was asked for, if there is one. `clock` and `sleep` are in seconds, `chance` is between 0 and 1."""

    def __init__(
        self,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        self._until = -LONGEST_PAUSE

    async def passed(self) -> None:
        """Wait until the pause is over, and up to as long again, by chance."""
        while (pause := self._until - self._clock()) > 0:
            await self._sleep(pause * (1 + self._chance()))

    def refused(self, headers: Mapping[str, str]) -> None:
        """A request was answered with 429 and these headers."""
        pause, now = _seconds(headers.get("Retry-After")), self._clock()
        if self._until <= now:
            log.warning("the API server has too much to do (429): all requests wait for %.0f s", pause)
        self._until = max(self._until, now + pause)


def _seconds(text: str | None) -> float:
    try:
        return min(LONGEST_PAUSE, max(0.0, float(text or USUAL_PAUSE)))
    except ValueError:  # HTTP allows a date, Kubernetes sends seconds
        return USUAL_PAUSE
