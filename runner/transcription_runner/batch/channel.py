"""What flows between two threads: a short queue that can be closed by the giver and cancelled by anybody."""

from collections import deque
from collections.abc import Iterator
from threading import Condition, Event
from typing import Generic, TypeVar

T = TypeVar("T")

LOOK_SECONDS = 0.2
"""How soon a cancellation is noticed."""


class Channel(Generic[T]):
    """At most `capacity` items wait. Once `cancelled` is set, nothing is taken in or given out any more."""

    def __init__(self, capacity: int, cancelled: Event) -> None:
        self._capacity, self._cancelled = capacity, cancelled
        self._items: deque[T] = deque()
        self._closed = False
        self._changed = Condition()

    def put(self, item: T) -> bool:
        """Wait for room and put the item; False when cancelled first."""
        with self._changed:
            while len(self._items) >= self._capacity and not self._cancelled.is_set():
                self._changed.wait(LOOK_SECONDS)
            if self._cancelled.is_set():
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def close(self) -> None:
        """No more items will come."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def batches(self, size: int) -> Iterator[list[T]]:
        """What waits, at most `size` at once, at least one; until the channel is closed and empty, or cancelled."""
        while True:
            with self._changed:
                while not self._items and not self._closed and not self._cancelled.is_set():
                    self._changed.wait(LOOK_SECONDS)
                if self._cancelled.is_set() or not self._items:
                    return
                batch = [self._items.popleft() for _ in range(min(size, len(self._items)))]
                self._changed.notify_all()
            yield batch

    def __iter__(self) -> Iterator[T]:
        """Items one by one, until the channel is closed and empty, or cancelled."""
        return (item for batch in self.batches(1) for item in batch)
