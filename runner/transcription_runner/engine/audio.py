"""Decoded sound, as all stages share it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Samples a second: what Whisper, the VAD and the aligners were trained on."""


@dataclass(frozen=True)
class Audio:
    """Mono sound. `samples`: float32, -1 to 1, shape (n,), at SAMPLE_RATE."""

    samples: NDArray[np.float32]

    @property
    def seconds(self) -> float:
        """Length."""
        return len(self.samples) / SAMPLE_RATE
