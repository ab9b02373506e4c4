"""The whole sound of a stream, for a second look at its end: a WAVE file without a name in the scratch folder."""

import io
import tempfile
import wave
from contextlib import suppress
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from transcription_runner.engine.audio import SAMPLE_RATE
from transcription_runner.serve.refusals import Refusal
from transcription_runner.serve.uploads import Scratch


class Recording:
    """32 kB for each second. Where the disk has no room for it, there is none, and the stream goes on without."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch, self._held = scratch, 0
        try:
            self._file: IO[bytes] = tempfile.TemporaryFile()
            self._complete = True
        except OSError:
            self._file, self._complete = io.BytesIO(), False
        self._wave = wave.open(self._file, "wb")
        self._wave.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))

    def expect(self, size: int) -> None:
        """Take room for so many bytes more. To be called in the event loop's thread."""
        if self._complete:
            try:
                self._scratch.take(size)
                self._held += size
            except Refusal:
                self._complete = False

    def add(self, samples: NDArray[np.int16]) -> None:
        """Write more sound."""
        if self._complete:
            try:
                self._wave.writeframesraw(samples.astype("<i2").tobytes())
            except OSError:
                self._complete = False

    def whole(self) -> Path | None:
        """Where it can be read, now that no more comes; None where a part of it is missing."""
        try:
            self._wave.close()
        except OSError:
            self._complete = False
        return Path(f"/proc/self/fd/{self._file.fileno()}") if self._complete else None

    def close(self) -> None:
        """Give the room back. To be called in the event loop's thread."""
        self._scratch.taken -= self._held
        self._held = 0
        self._complete = False
        with suppress(OSError):  # a full disk refuses what is still to be written, too
            self._wave.close()
        with suppress(OSError):
            self._file.close()
