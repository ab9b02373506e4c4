"""How much may be in flight at once: a bound on files and on seconds of audio, whatever the number and length of files."""

from threading import Condition, Event

LOOK_SECONDS = 0.2
"""How soon a cancellation is noticed."""
MOST_INSIDE = 4
"""Times as much audio may be inside as may wait to be recognised: what is recognised still has to be aligned, or diarized."""


class Gate:
    """Lets a file in while there is room: fewer than `most_files` files, and less than `most_seconds` to be recognised.

    So the next long recording is decoded and searched while the end of the one before is recognised. A file's length is known
    only once it is decoded, so the bounds can be passed by one file; one of MOST_INSIDE x `most_seconds` is alone inside.
    """

    def __init__(self, most_files: int, most_seconds: float, cancelled: Event) -> None:
        self._most_files, self._most_seconds, self._cancelled = most_files, most_seconds, cancelled
        self._files, self._inside, self._to_recognise = 0, 0.0, 0.0
        self._changed = Condition()

    def enter(self) -> bool:
        """Wait for room; False when cancelled first."""
        with self._changed:
            while not self._has_room() and not self._cancelled.is_set():
                self._changed.wait(LOOK_SECONDS)
            self._files += 1
            return not self._cancelled.is_set()

    def measured(self, seconds: float) -> None:
        """A file inside turned out to be so long."""
        with self._changed:
            self._inside += seconds
            self._to_recognise += seconds

    def recognised(self, seconds: float) -> None:
        """So much more of a file inside is recognised."""
        with self._changed:
            self._to_recognise -= seconds
            self._changed.notify_all()

    def leave(self, seconds: float = 0.0, recognised: float = 0.0) -> bool:
        """A file of this length, of which so much was recognised, is done; whether none is left inside."""
        with self._changed:
            self._files -= 1
            self._inside -= seconds
            self._to_recognise -= seconds - recognised
            self._changed.notify_all()
            return self._files == 0

    def _has_room(self) -> bool:
        audio = self._to_recognise < self._most_seconds and self._inside < MOST_INSIDE * self._most_seconds
        return self._files < self._most_files and audio
