"""How many requests a client may make in a minute, where that is bounded: all at once, or one after the other."""

import math
import time
from collections.abc import Callable

from transcription_runner.serve.refusals import Refusal

MINUTE = 60.0


class Rate:
    """One bound for each client (the generic cell rate algorithm, ITU-T I.371, A). Used from one thread, the event loop's."""

    def __init__(self, a_minute: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        """`a_minute`: 0 bounds nothing."""
        self._a_minute, self._clock = a_minute, clock
        self._until: dict[str, float] = {}
        """When each client has none of its requests on its account any more."""
        self._tidied_at = 0.0

    def ask(self, client: str) -> None:
        """One more request. Raises Refusal (TooManyRequests)."""
        if not self._a_minute:
            return
        now = self._clock()
        self._tidy(now)
        until = max(now, self._until.get(client, now)) + MINUTE / self._a_minute
        if (over := until - now - MINUTE) > 1e-9:
            wait = math.ceil(over)
            message = f"{self._a_minute} requests a minute are taken of each client; ask again in {wait} s"
            raise Refusal(429, "TooManyRequests", message, retry_after=wait)
        self._until[client] = until

    def _tidy(self, now: float) -> None:
        """Forget those who have not asked for a minute."""
        if now - self._tidied_at >= MINUTE:
            self._until = {client: until for client, until in self._until.items() if until > now}
            self._tidied_at = now
