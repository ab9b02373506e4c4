"""From an open file to its sound: the first audio stream as 16-bit mono, through libav in this process."""

from collections.abc import Iterator
from typing import BinaryIO

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.error import FFmpegError

from transcription_runner.engine.completeness import check_decoded_whole, check_ends_as_stated
from transcription_runner.engine.probe import Complaint, Media
from transcription_runner.errors import FileError

BYTES_PER_SAMPLE = 2
MOST_COMPLAINTS = 100
"""Lines of libav's log that are kept: a bad file may cause one for each of its packets."""


def write_sound(media: Media, file: BinaryIO, sound: BinaryIO, rate: int, longest_seconds: float, log: list[Complaint]) -> int:
    """Write the samples, little-endian at `rate`; returns how many.

    `file` is what `media` was opened from, `log` where libav's log is being captured.
    Raises FileError: TooLong, DamagedAudio for a file that holds less than it says, UnsupportedFormat.
    """
    if media.stated_seconds and media.stated_seconds > longest_seconds:
        raise _too_long(longest_seconds)
    position = file.tell()
    check_ends_as_stated(file, media.container)
    file.seek(position)
    most, written = int(longest_seconds * rate), 0
    for block in _mono(_frames(media, log), rate):
        written += block.samples
        if written > most:
            raise _too_long(longest_seconds)
        sound.write(memoryview(block.planes[0])[: block.samples * BYTES_PER_SAMPLE])
    errors = [text.strip() for level, _, text in log if level <= av.logging.ERROR]
    check_decoded_whole(written / rate, media.container, media.stated_seconds, errors)
    return written


def _frames(media: Media, log: list[Complaint]) -> Iterator[AudioFrame]:
    """What can be decoded. As ffmpeg does it: a bad packet is left out, an unreadable one ends the file."""
    decoder = media.stream.codec_context
    if decoder is None:
        raise FileError("UnsupportedFormat", f"the sound of the {media.container} file is in a codec that is not known here")
    decoder.thread_count = 1  # threads cost more than they save on the codecs of sound
    packets = media.demuxed.demux(media.stream)
    more = True
    while more:
        try:
            packet = next((packet for packet in packets if packet.size), None)
            more = packet is not None
            yield from decoder.decode(packet)
        except MemoryError:
            raise
        except FFmpegError as error:
            log.append((av.logging.ERROR, "", error.strerror or str(error)))
        del log[MOST_COMPLAINTS:]


def _mono(frames: Iterator[AudioFrame], rate: int) -> Iterator[AudioFrame]:
    """The same sound in 16 bits, one channel and `rate`, whatever it was before; that may change on the way."""
    resampler, form = AudioResampler("s16", "mono", rate), None
    for frame in frames:
        found = (frame.format.name, frame.layout.name, frame.sample_rate)
        if form != found:
            if form is not None:
                yield from filter(None, resampler.resample(None))
                resampler = AudioResampler("s16", "mono", rate)
            form = found
        yield from resampler.resample(frame)
    yield from filter(None, resampler.resample(None))


def _too_long(longest_seconds: float) -> FileError:
    return FileError("TooLong", f"the audio is longer than the limit of {longest_seconds:.0f} s")
