"""From an open file to its sound: the wanted track as 16-bit samples, mixed or by channel, through libav in this process."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

import av
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.audio.resampler import AudioResampler
from av.error import FFmpegError
from av.filter import Graph

from transcription_runner.engine.decoding.completeness import check_decoded_whole, check_ends_as_stated
from transcription_runner.engine.decoding.containers import LENGTH_IS_A_GUESS
from transcription_runner.engine.decoding.decode_planes import Planes, region_bytes
from transcription_runner.engine.decoding.probe import Complaint, Media
from transcription_runner.engine.decoding.timeline import Timeline
from transcription_runner.engine.decoding.wanted import MOST_CHANNELS
from transcription_runner.errors import FileError

MOST_COMPLAINTS = 100
"""Lines of libav's log that are kept: a bad file may cause one for each of its packets."""
LEEWAY_SECONDS = 10.0
"""A container may be this much longer than it says before timestamps beyond its end are not believed."""
MIXED = AudioLayout("mono")


@dataclass(frozen=True)
class Written:
    """What was written: `channels` regions of `samples` each (see decode_planes)."""

    channels: int
    samples: int


@dataclass(frozen=True)
class _Silence:
    """Silence up to this sample."""

    until: int


def write_sound(
    media: Media, file: BinaryIO, sound: int, rate: int, longest_seconds: float, log: list[Complaint], split: bool = False
) -> Written:
    """Write the samples, little-endian at `rate`, to the descriptor `sound`.

    `file` is what `media` was opened from, `log` where libav's log is being captured.
    Raises FileError: TooLong, TooManyChannels, DamagedAudio for a file that holds less than it says, UnsupportedFormat.
    """
    if media.stated_seconds and media.stated_seconds > longest_seconds:
        raise _too_long(longest_seconds)
    position = file.tell()
    check_ends_as_stated(file, media.container)
    file.seek(position)
    frames = _frames(media, log) if split else _few_channels(_frames(media, log))
    first = next(frames, None)
    layout = first.layout if first and split else MIXED
    if layout.nb_channels > MOST_CHANNELS:
        message = f"the sound has {layout.nb_channels} channels; at most {MOST_CHANNELS} can be kept apart: transcribe it mixed"
        raise FileError("TooManyChannels", message)
    planes = Planes(sound, layout.nb_channels, region_bytes(longest_seconds, rate))
    most = int(longest_seconds * rate)
    for block in _blocks(media, first, frames, layout, rate, longest_seconds):
        if (block.until if isinstance(block, _Silence) else planes.samples + block.samples) > most:
            raise _too_long(longest_seconds)
        if isinstance(block, _Silence):
            planes.silence_until(block.until)
        else:
            planes.write(block)
    planes.finish()
    errors = [text.strip() for level, _, text in log if level <= av.logging.ERROR]
    check_decoded_whole((planes.samples - planes.silence) / rate, media.container, media.stated_seconds, errors)
    return Written(layout.nb_channels, planes.samples)


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
        except IndexError:  # PyAV, at the end of a file in which another stream turned up on the way
            continue
        except FFmpegError as error:
            log.append((av.logging.ERROR, "", error.strerror or str(error)))
        del log[MOST_COMPLAINTS:]


def _few_channels(frames: Iterator[AudioFrame]) -> Iterator[AudioFrame]:
    """The mean of all channels where there are so many that libav knows no mix of them."""
    graph, form = None, None
    for frame in frames:
        count = frame.layout.nb_channels
        if count <= MOST_CHANNELS:
            yield frame
            continue
        found = (frame.format.name, frame.layout.name, frame.sample_rate)
        if graph is None or form != found:
            graph, form = Graph(), found
            source = graph.add_abuffer(sample_rate=frame.sample_rate, format=frame.format.name, layout=frame.layout.name)
            mean = graph.add("pan", "mono|c0=" + "+".join(f"{1 / count:.6f}*c{channel}" for channel in range(count)))
            graph.link_nodes(source, mean, graph.add("abuffersink")).configure()
        stamp, frame.pts = frame.pts, None
        graph.push(frame)
        mixed = cast(AudioFrame, graph.pull())
        mixed.pts = stamp
        yield mixed


def _blocks(
    media: Media, first: AudioFrame | None, frames: Iterator[AudioFrame], layout: AudioLayout, rate: int, longest_seconds: float
) -> Iterator[AudioFrame | _Silence]:
    """The same sound in 16 bits, these channels and `rate`, whatever it was before; that may change on the way.

    Where time passes without sound, there is silence between two blocks.
    """
    form = "s16" if layout.nb_channels == 1 else "s16p"
    resampler, last = AudioResampler(form, layout, rate), None
    timeline = Timeline(_believed_until(media, longest_seconds))
    tick = media.tick_seconds
    frame = first
    while frame is not None:
        found = (frame.format.name, frame.layout.name, frame.sample_rate)
        stamp = None if tick is None or frame.pts is None else frame.pts * tick - media.start_seconds
        gap_end = timeline.place(stamp, frame.samples / frame.sample_rate)
        if last is not None and (found != last or gap_end is not None):
            yield from filter(None, resampler.resample(None))
            resampler = AudioResampler(form, layout, rate)
        if gap_end is not None:
            yield _Silence(round(gap_end * rate))
        last = found
        yield from resampler.resample(frame)
        frame = next(frames, None)
    yield from filter(None, resampler.resample(None))


def _believed_until(media: Media, longest_seconds: float) -> float:
    """Seconds. What a file states may be longer than the limit, and is refused then; a mere guess is not held against it."""
    end = longest_seconds if media.seconds is None else media.seconds + LEEWAY_SECONDS
    return min(end, longest_seconds) if media.container in LENGTH_IS_A_GUESS else end


def _too_long(longest_seconds: float) -> FileError:
    return FileError("TooLong", f"the audio is longer than the limit of {longest_seconds:.0f} s")
