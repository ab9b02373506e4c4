"""Sound that comes in pieces, as plain samples of some rate and law: to mono at 16 kHz, piece by piece."""

from collections.abc import Iterator
from enum import StrEnum
from typing import cast

import numpy as np
from av import CodecContext
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.packet import Packet
from numpy.typing import NDArray

from transcription_runner.engine.audio import SAMPLE_RATE


class Law(StrEnum):
    """How a sample is written: 16 bits, little-endian, or 8 bits by one of telephony's laws (G.711)."""

    LINEAR = "pcm_s16le"
    MU = "pcm_mulaw"
    A = "pcm_alaw"


class Samples:
    """One stream. Channels are mixed."""

    def __init__(self, law: Law, rate: int, channels: int = 1) -> None:
        """`rate`: samples a second of each channel; `channels`: 1 or 2, interleaved."""
        self.bytes_a_second = rate * channels * (2 if law is Law.LINEAR else 1)
        self._frame_bytes = self.bytes_a_second // rate
        layout = "stereo" if channels == 2 else "mono"
        self._codec = cast(AudioCodecContext, CodecContext.create(str(law), "r"))
        self._codec.sample_rate, self._codec.layout = rate, layout
        self._resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        self._left = b""

    def heard(self, content: bytes) -> NDArray[np.int16]:
        """The next bytes, cut anywhere, as samples; a few milliseconds of them come with what follows."""
        content = self._left + content
        whole = len(content) // self._frame_bytes * self._frame_bytes
        self._left = content[whole:]
        if not whole:
            return np.zeros(0, np.int16)
        return _joined(one for frame in self._codec.decode(Packet(content[:whole])) for one in self._resampler.resample(frame))

    def rest(self) -> NDArray[np.int16]:
        """The last samples."""
        return _joined(iter(self._resampler.resample(None)))


def _joined(frames: Iterator[AudioFrame]) -> NDArray[np.int16]:
    return np.concatenate([np.zeros(0, np.int16), *(frame.to_ndarray().reshape(-1).astype(np.int16) for frame in frames)])
