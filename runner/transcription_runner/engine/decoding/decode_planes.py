"""The scratch file of decoded sound: a region for each channel, so that each can be mapped into memory by itself.

Regions begin at multiples of the longest sound's size. What is not written, silence and the rest of each region, are holes that
take no room on the disk and read as zeros.
"""

import os

from av.audio.frame import AudioFrame

BYTES_PER_SAMPLE = 2
BLOCK_BYTES = 4096
FLUSHED_BYTES = 1 << 17
"""What waits for each channel before it is written."""


def region_bytes(longest_seconds: float, rate: int) -> int:
    """The distance between two channels' regions, in bytes."""
    return -(-int(longest_seconds * rate) * BYTES_PER_SAMPLE // BLOCK_BYTES) * BLOCK_BYTES


class Planes:
    """Writes 16-bit samples of some channels, in the machine's order (little-endian), all channels of the same length."""

    samples: int
    """How many each channel has, silence included."""
    silence: int
    """How many of them are silence that was put in."""

    def __init__(self, descriptor: int, channels: int, region: int) -> None:
        """`descriptor`: an empty file; `region`: see `region_bytes`."""
        self._descriptor, self._region = descriptor, region
        self._pending = [bytearray() for _ in range(channels)]
        self._flushed = self.samples = self.silence = 0

    def write(self, frame: AudioFrame) -> None:
        """Append a frame of 16-bit samples, planar if there are several channels."""
        planes = frame.planes
        for channel, pending in enumerate(self._pending):
            pending += memoryview(planes[channel])[: frame.samples * BYTES_PER_SAMPLE]
        self.samples += frame.samples
        if len(self._pending[0]) >= FLUSHED_BYTES:
            self._flush()

    def silence_until(self, sample: int) -> None:
        """Append silence, so that the next frame's first sample has this index."""
        if sample > self.samples:
            self._flush()
            self.silence += sample - self.samples
            self._flushed = self.samples = sample

    def finish(self) -> None:
        """Write what waits."""
        self._flush()
        os.ftruncate(self._descriptor, (len(self._pending) - 1) * self._region + self.samples * BYTES_PER_SAMPLE)

    def _flush(self) -> None:
        for channel, pending in enumerate(self._pending):
            at = channel * self._region + self._flushed * BYTES_PER_SAMPLE
            with memoryview(pending) as content:
                done = 0
                while done < len(content):
                    done += os.pwrite(self._descriptor, content[done:], at + done)
            pending.clear()
        self._flushed = self.samples
