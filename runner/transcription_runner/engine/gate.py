"""How much may be in flight at once: a bound on files and on seconds of audio, whatever the number and length of files."""

from threading import Condition, Event

LOOK_SECONDS = 0.2
"""How soon a cancellation is noticed."""


class Gate:
    """Lets a file in while fewer than `most_files` and less than `most_seconds` of audio are inside.

    A file's length is known only once it is decoded, so the bound can be passed by one file; a long one is alone inside.
    """

    def __init__(self, most_files: int, most_seconds: float, cancelled: Event) -> None:
        self._most_files, self._most_seconds, self._cancelled = most_files, most_seconds, cancelled
        self._files, self._seconds = 0, 0.0
        self._changed = Condition()

    def enter(self) -> bool:
        """Wait for room; False when cancelled first."""
        with self._changed:
            while (self._files >= self._most_files or self._seconds >= self._most_seconds) and not self._cancelled.is_set():
                self._changed.wait(LOOK_SECONDS)
            self._files += 1
            return not self._cancelled.is_set()

    def measured(self, seconds: float) -> None:
        """A file inside turned out to be so long."""
        with self._changed:
            self._seconds += seconds

    def leave(self, seconds: float) -> bool:
        """A file of this length is done; whether none is left inside."""
        with self._changed:
            self._files -= 1
            self._seconds -= seconds
            self._changed.notify_all()
            return self._files == 0
