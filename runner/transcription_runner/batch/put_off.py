"""Files whose object the store did not give, though it answers otherwise: put off, tried again later, at last given up.

A damaged disk or a connection that breaks halfway keeps one object from being read. Waiting for it would take a place from files
that can be done, and in the end the pod would be blamed. So its claim is given back, the work goes on with other files, and the
object is asked for again after pauses that grow. Each time the store has just answered for the file's ledger entry and claim: in
an outage nothing is tried, and what failed every time is the object. What is damaged itself is never tried again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock

from transcription_runner.batch.sources import SourceFile
from transcription_runner.errors import FileError
from transcription_runner.store.port import StoreUnavailableError

PAUSES_SECONDS = (10.0, 30.0, 90.0, 180.0)
"""After the first, second, ... failed try; after the last one follows the last try."""
IDLE_PAUSE_SECONDS = 10.0
"""No pause is longer while there is nothing else to do: a pod that waits holds a GPU."""
MOST_PUT_OFF = 100
"""More files than this are no accident of theirs: then the store is waited for, as in an outage."""


@dataclass(frozen=True)
class _Trouble:
    file: SourceFile
    tries: int
    first_failed: float
    failed: float
    waits: bool = True


class PutOff:
    """The files that one pod has put off. Safe to use from several threads."""

    def __init__(self, pauses: tuple[float, ...] = PAUSES_SECONDS, now: Callable[[], float] = time.monotonic) -> None:
        self._pauses, self._now = pauses, now
        self._lock = Lock()
        self._troubles: dict[str, _Trouble] = {}

    def failed(self, file: SourceFile, error: StoreUnavailableError) -> FileError | None:
        """A try failed: the file waits from now on, or, after its last try, the fault that it ends with."""
        with self._lock:
            now, known = self._now(), self._troubles.get(file.key)
            first_failed, tries = (known.first_failed, known.tries + 1) if known else (now, 1)
            if tries <= len(self._pauses):
                self._troubles[file.key] = _Trouble(file, tries, first_failed, now)
                return None
            self._troubles.pop(file.key, None)
        seconds = now - first_failed
        message = f"the store answers, but did not give this object in {tries} tries over {seconds:.0f} s; at last: {error}"
        return FileError("ObjectUnavailable", message)

    def settled(self, file: SourceFile) -> None:
        """The object could be read, or need not be read any more."""
        with self._lock:
            self._troubles.pop(file.key, None)

    def due(self, idle: bool = False) -> list[SourceFile]:
        """The files that are to be tried again now; `idle`: there is nothing else to do. They do not wait any more."""
        with self._lock:
            now = self._now()
            due = [one for one in self._troubles.values() if one.waits and now - one.failed >= self._pause(one, idle)]
            for one in due:
                self._troubles[one.file.key] = replace(one, waits=False)
        return [one.file for one in due]

    def waits(self, file: SourceFile) -> bool:
        """Whether the file's time has not come yet."""
        with self._lock:
            known = self._troubles.get(file.key)
            return known is not None and known.waits

    def has_room(self, file: SourceFile) -> bool:
        """Whether the file may be put off if it fails."""
        with self._lock:
            return file.key in self._troubles or len(self._troubles) < MOST_PUT_OFF

    def __bool__(self) -> bool:
        """Whether any file waits."""
        with self._lock:
            return any(one.waits for one in self._troubles.values())

    def _pause(self, one: _Trouble, idle: bool) -> float:
        pause = self._pauses[one.tries - 1]
        return min(pause, IDLE_PAUSE_SECONDS) if idle else pause
