"""Decoded sound, as all stages share it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Samples a second: what Whisper, the VAD and the aligners were trained on."""


@dataclass(frozen=True)
class Audio:
    """Mono sound at SAMPLE_RATE.

    `pcm`: int16, shape (n,); of a long recording a memory map of a scratch file, so that its length costs no memory.
    """

    pcm: NDArray[np.int16]

    @property
    def seconds(self) -> float:
        """Length."""
        return len(self.pcm) / SAMPLE_RATE

    def cut(self, start: float, end: float) -> NDArray[np.float32]:
        """What lies between two times (seconds), as float32 from -1 to 1; cut off at the sound's own ends."""
        return floats(self.pcm[max(0, int(start * SAMPLE_RATE)) : max(0, int(end * SAMPLE_RATE))])

    @property
    def samples(self) -> NDArray[np.float32]:
        """All of it as float32 from -1 to 1, shape (n,): for stages that cannot work in pieces."""
        return floats(self.pcm)


@dataclass(frozen=True)
class Sound:
    """Decoded sound of one file."""

    channels: tuple[Audio, ...]
    """One if they are mixed; all of the same length."""
    track: int = 0
    """The audio track that was used: its index among the file's audio tracks, from 0."""
    tracks: int = 1
    """How many audio tracks the file has."""

    @property
    def seconds(self) -> float:
        """Length."""
        return self.channels[0].seconds


def floats(pcm: NDArray[np.int16]) -> NDArray[np.float32]:
    """Samples from -1 to 1, scaled as whisperx scales them."""
    return pcm.astype(np.float32) / np.float32(32768.0)
