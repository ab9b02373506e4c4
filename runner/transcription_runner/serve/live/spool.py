"""Sound that waits on the disk, first in, first out: an unlinked file of the scratch folder, as long as there is any."""

import tempfile
from contextlib import suppress
from typing import IO

import numpy as np
from numpy.typing import NDArray

from transcription_runner.serve.refusals import Refusal
from transcription_runner.serve.uploads import Scratch

SAMPLE_BYTES = 2


class Spool:
    """`room` and `close` are for the event loop's thread; `put` and `get` for any, one call at a time."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch, self._held = scratch, 0
        self._file: IO[bytes] | None = None
        self._written = self._read = 0  # bytes

    @property
    def samples(self) -> int:
        """How many wait."""
        return (self._written - self._read) // SAMPLE_BYTES

    def room(self, size: int) -> bool:
        """Take room for so many bytes more; whether there was any."""
        try:
            self._scratch.take(size)
        except Refusal:
            return False
        self._held += size
        return True

    def put(self, samples: NDArray[np.int16]) -> None:
        """Behind the rest. Raises OSError where the disk is full all the same."""
        self._file = self._file or tempfile.TemporaryFile()
        self._file.seek(self._written)
        self._file.write(samples.astype("<i2").tobytes())
        self._written += samples.nbytes

    def get(self, most: int) -> NDArray[np.int16]:
        """The next samples, at most so many."""
        assert self._file is not None
        self._file.seek(self._read)
        content = self._file.read(min(most * SAMPLE_BYTES, self._written - self._read))
        self._read += len(content)
        return np.frombuffer(content, "<i2")

    def empty(self) -> None:
        """Give the room back if nothing waits."""
        if self._held and not self.samples:
            self.close()

    def close(self) -> None:
        """Forget what waits."""
        self._scratch.taken -= self._held
        self._held = self._written = self._read = 0
        if self._file is not None:
            with suppress(OSError):  # a full disk refuses what is still to be written
                self._file.close()
            self._file = None
