"""Speech chunks of all files in flight, waiting to be recognised together. Knows their lengths, not their sound."""

from dataclasses import dataclass
from threading import Condition, Event
from typing import Generic, TypeVar

T = TypeVar("T")

LOOK_SECONDS = 0.2
"""How soon a cancellation is noticed."""


@dataclass(frozen=True)
class Waiting(Generic[T]):
    """A chunk in the pool: `seconds` long, and whatever the caller needs to know of it."""

    seconds: float
    chunk: T


class Pool(Generic[T]):
    """First come, first served, in the company of chunks of about the same length: these end decoding at the same time."""

    def __init__(self, cancelled: Event) -> None:
        self._waiting: list[Waiting[T]] = []
        self._idle = 0
        self._closed = False
        self._cancelled = cancelled
        self._changed = Condition()

    def add(self, chunks: list[Waiting[T]]) -> None:
        """Chunks that are ready to be recognised."""
        with self._changed:
            self._waiting += chunks
            self._changed.notify_all()

    def close(self) -> None:
        """No more chunks will come."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def take(self, size: int) -> list[Waiting[T]]:
        """Wait for chunks; at most `size`, and a fair share when other workers wait, too. Empty at the end."""
        with self._changed:
            self._idle += 1
            while not self._waiting and not self._closed and not self._cancelled.is_set():
                self._changed.wait(LOOK_SECONDS)
            share = -(-len(self._waiting) // self._idle)
            self._idle -= 1
            if self._cancelled.is_set() or not self._waiting:
                return []
            batch = together(self._waiting, min(size, share))
            taken = set(map(id, batch))
            self._waiting = [waiting for waiting in self._waiting if id(waiting) not in taken]
            return batch


def together(waiting: list[Waiting[T]], size: int) -> list[Waiting[T]]:
    """The one that has waited longest, and those nearest to it in length; the longest wait wins among equals."""
    oldest = waiting[0]
    return sorted(waiting, key=lambda other: (other is not oldest, abs(other.seconds - oldest.seconds)))[:size]
