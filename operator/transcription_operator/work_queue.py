"""The queue of objects to look at: each at most once, at its time, the lanes in turn, with growing pauses after failures.

Adding an object that already waits moves it forward if the new time is earlier and changes nothing otherwise. An object that
is being worked on can be added: it comes up again afterwards. No object is worked on twice at the same time.

Every object belongs to a lane; a TranscriptionJob's is its namespace. Of the lanes in which something is due, each gives one
object before any gives another, so that thousands in one lane delay the first in another by one object's work. Within a lane
the earlier due comes first.
"""

import asyncio
import heapq
import math
from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0


class WorkQueue(Generic[Key]):
    """See the module. Use it from one event loop only.

    `lane_of` is asked once each time that an object falls due.
    """

    def __init__(self, clock: Callable[[], float], lane_of: Callable[[Key], Hashable] = lambda _: None) -> None:
        self._clock = clock
        self._lane_of = lane_of
        self._due: dict[Key, float] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._sequence = 0
        self._lanes: dict[Hashable, deque[Key]] = {}
        """What is due, lane by lane; the lane whose turn it is comes first."""
        self._active: set[Key] = set()
        self._failures: dict[Key, int] = {}
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        """Objects that wait, those with a time in the future included."""
        return len(self._due)

    def add(self, key: Key, delay: float = 0.0) -> None:
        """Look at `key` in `delay` seconds, or earlier if that is planned already."""
        due = self._clock() + delay
        if key in self._due and self._due[key] <= due:
            return
        self._due[key] = due
        self._push(key)

    async def get(self) -> Key:
        """Wait for the next object that is due. `done` or `failed` has to follow."""
        while True:
            key, pause = self._next()
            if key is not None:
                return key
            self._changed.clear()
            try:
                async with asyncio.timeout(pause):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def done(self, key: Key) -> None:
        """`key` was handled."""
        self._failures.pop(key, None)
        self._release(key)

    def failed(self, key: Key) -> float:
        """`key` could not be handled: it comes up again after a pause, which is returned in seconds."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        pause: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures, 10))
        self._release(key)
        self.add(key, pause)
        return pause

    def forget(self, key: Key) -> None:
        """`key` is gone."""
        self._due.pop(key, None)
        self._failures.pop(key, None)

    def _next(self) -> tuple[Key | None, float | None]:
        """The next key that is due, or how long until one is (None: nothing waits)."""
        now = self._clock()
        pause = self._fall_due(now)
        while self._lanes:
            lane = next(iter(self._lanes))
            waiting = self._lanes.pop(lane)
            key = waiting.popleft()
            if waiting:
                self._lanes[lane] = waiting  # behind the others
            # Else it was forgotten meanwhile, or has come up already.
            if key not in self._active and self._due.get(key, math.inf) <= now:
                del self._due[key]
                self._active.add(key)
                return key, None
        return None, pause

    def _fall_due(self, now: float) -> float | None:
        """Put what is due in its lane. Returns how long until the next falls due (None: nothing does)."""
        while self._heap:
            due, _, key = self._heap[0]
            if self._due.get(key) == due and key not in self._active:
                if due > now:
                    return due - now
                self._lanes.setdefault(self._lane_of(key), deque()).append(key)
            heapq.heappop(self._heap)  # in its lane now; or moved, forgotten, or pushed anew by `_release`
        return None

    def _release(self, key: Key) -> None:
        self._active.discard(key)
        if key in self._due:
            self._push(key)

    def _push(self, key: Key) -> None:
        self._sequence += 1
        heapq.heappush(self._heap, (self._due[key], self._sequence, key))
        self._changed.set()
