"""The files that a pod has claimed and fetched, but not begun: as many as the engine soon needs, and no more.

What is claimed here is kept from other pods. So a pod starts with few places and earns one with each file that its engine takes:
pods that are still loading their model leave the files of a small bucket to each other.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Condition, Event

from transcription_runner.batch.claims import Claim
from transcription_runner.batch.sources import SourceFile
from transcription_runner.errors import FileError

FIRST_PLACES = 2
LOOK_SECONDS = 0.2
"""How soon a stop is noticed."""


@dataclass(frozen=True)
class Fetched:
    """A claimed file. Either it lies at `path`, or `fault` says why it cannot."""

    file: SourceFile
    claim: Claim
    path: Path | None = None
    fault: FileError | None = None


class Ahead:
    """At most `most` places. A file has one from before its claim until it is taken. Once `stop` is set nothing is given out."""

    def __init__(self, most: int, stop: Event) -> None:
        self._most, self._stop = most, stop
        self._places, self._occupied = min(FIRST_PLACES, most), 0
        self._fetched: deque[Fetched] = deque()
        self._closed = False
        self._changed = Condition()

    def reserve(self) -> bool:
        """Wait for a place; False on stop."""
        with self._changed:
            while self._occupied >= self._places and not self._stop.is_set():
                self._changed.wait(LOOK_SECONDS)
            if self._stop.is_set():
                return False
            self._occupied += 1
            return True

    def free(self) -> None:
        """Give back a place for which there was no file."""
        with self._changed:
            self._occupied -= 1
            self._changed.notify_all()

    def put(self, fetched: Fetched) -> None:
        """Fill a place that was reserved."""
        with self._changed:
            self._fetched.append(fetched)
            self._changed.notify_all()

    def close(self) -> None:
        """No more files will come."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Fetched]:
        """Files in the order in which they arrived, until there are no more or on stop."""
        while True:
            with self._changed:
                while not self._fetched and not self._closed and not self._stop.is_set():
                    self._changed.wait(LOOK_SECONDS)
                if self._stop.is_set() or not self._fetched:
                    return
                fetched = self._fetched.popleft()
                self._occupied -= 1
                self._places = min(self._most, self._places + 1)
                self._changed.notify_all()
            yield fetched
