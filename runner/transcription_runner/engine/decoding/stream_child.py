"""A process for one sound that comes as it is recorded, in a container such as WebM or Ogg: bytes in, samples out, as they come.

    python -m transcription_runner.engine.decoding.stream_child RATE BOUNDS-AS-JSON

Standard input is the container, standard output 16-bit mono samples at RATE. The exit code is 0 at the end of the input; else one
line of standard error says why, as JSON with `reason` and `message` of a FileError. It is confined as decode_child is.
"""

import json
import os
import sys
from collections.abc import Iterator

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.error import FFmpegError

from transcription_runner.engine.decoding.containers import other_format, reference_format
from transcription_runner.engine.decoding.decode_bounds import DecodeBounds
from transcription_runner.engine.decoding.decode_child import confine, prepare
from transcription_runner.engine.decoding.probe import OPTIONS
from transcription_runner.errors import FileError

LIVE_OPTIONS = {**OPTIONS, "probesize": "32768", "analyzeduration": "500000", "max_probe_packets": "8"}
"""Nobody waits for five seconds of sound until its format is known for sure."""
READ_BYTES = 1 << 14
REFUSED = 65
"""The exit code that goes with a reason."""


class _Input:
    """What libav reads from: whatever is there, without a way back."""

    def __init__(self, head: bytes) -> None:
        self._head = head

    def read(self, size: int) -> bytes:
        """At least one byte, unless the input is at its end."""
        if self._head:
            found, self._head = self._head[:size], self._head[size:]
            return found
        return os.read(0, size)


def decode(rate: int) -> None:
    """From standard input to standard output. Raises FileError."""
    head = os.read(0, READ_BYTES)
    if not head:
        raise FileError("EmptyObject", "no sound came")
    if kind := reference_format(head) or other_format(head):
        raise FileError("UnsupportedFormat", f"this is {kind}")
    try:
        with av.open(_Input(head), "r", options=LIVE_OPTIONS, buffer_size=READ_BYTES) as media:
            if not media.streams.audio:
                raise FileError("NoAudioStream", f"there is no audio stream in it ({media.format.name})")
            resampler = AudioResampler(format="s16", layout="mono", rate=rate)
            for frame in _frames(media):
                for sound in resampler.resample(frame):
                    _write(sound.to_ndarray().tobytes())
            for sound in resampler.resample(None):
                _write(sound.to_ndarray().tobytes())
    except FFmpegError as error:
        message = f"this is no audio or video format known here, or it is damaged: {error.strerror}"
        raise FileError("UnsupportedFormat", message) from None


def _frames(media: "av.container.InputContainer") -> Iterator[AudioFrame]:
    """What can be decoded; a bad packet is left out."""
    for packet in media.demux(media.streams.audio[0]):
        try:
            yield from (frame for frame in packet.decode() if isinstance(frame, AudioFrame))
        except FFmpegError:
            continue


def _write(content: bytes) -> None:
    while content:
        content = content[os.write(1, content) :]


def main() -> int:
    rate, bounds = int(sys.argv[1]), DecodeBounds(**json.loads(sys.argv[2]))
    prepare()
    confine(rate, bounds)
    try:
        decode(rate)
    except FileError as fault:
        print(json.dumps({"reason": fault.reason, "message": fault.message}), file=sys.stderr)
        return REFUSED
    except BrokenPipeError:  # nobody listens any more
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
