"""What an open file holds, as libav sees it: nothing but this file is opened, and only by demuxers of the allow-list."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

import av
from av.audio.stream import AudioStream
from av.container import Flags, InputContainer
from av.error import FFmpegError
from av.stream import Discard, Disposition

from transcription_runner.engine.decoding.containers import (
    ALLOWED_DEMUXERS,
    LENGTH_IS_A_GUESS,
    TELLS_TIME,
    begins_as_audio,
    is_wave,
    other_format,
    reference_format,
    unknown_format,
)
from transcription_runner.errors import FileError

HEAD_BYTES = 4096
READ_BYTES = 1 << 18
LOW_SCORE = "detected only with low score of"
LEAST_SCORE = 2
"""libav's confidence, 0 to 100; at 1 it guesses that any bytes are MP3."""
Complaint = tuple[int, str, str]
"""A line of libav's log: level (16 error, 24 warning), who says it, what."""
OPTIONS = {"protocol_whitelist": "none", "format_whitelist": ",".join(ALLOWED_DEMUXERS)}
"""No protocol has the name `none`: what a file refers to is not opened, not even another file."""

WAVE_OPTIONS = {"max_probe_packets": "8"}
"""libav reads the first 10 MB of a WAVE file in search of DTS in disguise, longer than decoding 5 s takes; 32 KiB tell."""


@dataclass(frozen=True)
class Media:
    """An open file with sound in it."""

    demuxed: InputContainer
    stream: AudioStream
    """The wanted stream of sound."""
    track: int
    """Its index among the file's streams of sound."""
    tracks: int
    """How many of these the file has."""
    container: str
    """The demuxer's first name, such as wav or mov."""
    stated_seconds: float | None
    """The length that the file itself states for its sound; None where it makes no claim."""
    start_seconds: float
    """The timestamp of the container's start, which a player shows as time 0."""
    seconds: float | None
    """The length of the container, pictures included; None where that is not known."""

    @property
    def tick_seconds(self) -> float | None:
        """The unit of the stream's timestamps; None where these are but a count of the samples read."""
        unit = self.stream.time_base
        return float(unit) if unit and self.container in TELLS_TIME else None


@contextmanager
def opened(file: BinaryIO, complaints: Sequence[Complaint], track: int | None = None) -> Iterator[Media]:
    """Look into a file. `complaints` is where libav's log is being captured, warnings included; `track` as in `Wanted`.

    Raises FileError: EmptyObject, UnsupportedFormat, DamagedAudio, NoAudioStream, NoSuchTrack.
    """
    head = os.pread(file.fileno(), HEAD_BYTES, 0)
    if not head:
        raise FileError("EmptyObject", "the object has no content")
    if playlist := reference_format(head):
        raise FileError("UnsupportedFormat", f"this is {playlist}: it holds no sound, and what it names is not fetched")
    if kind := other_format(head):
        raise FileError("UnsupportedFormat", f"this is {kind}")
    options = OPTIONS | (WAVE_OPTIONS if is_wave(head) else {})
    try:
        demuxed = av.open(file, "r", options=options, metadata_errors="replace", buffer_size=READ_BYTES)
    except FFmpegError:
        raise _unreadable(head, complaints) from None
    with demuxed:
        demuxed.flags &= ~cast(int, Flags.gen_pts.value)  # PyAV's default: holds packets back that have none
        yield _media(demuxed, head, complaints, track)


def _media(demuxed: InputContainer, head: bytes, complaints: Sequence[Complaint], track: int | None) -> Media:
    said = "".join(text for _, _, text in complaints)
    low = re.search(LOW_SCORE + r" (\d+)", said)
    if low and int(low[1]) < LEAST_SCORE:
        raise FileError("UnsupportedFormat", f"this is {unknown_format(head)}")
    index = _track(demuxed, track)
    sound = demuxed.streams.audio[index]
    only_sound = all(stream.type == "audio" or stream.disposition & Disposition.attached_pic for stream in demuxed.streams)
    for stream in demuxed.streams:
        if stream is not sound:
            stream.discard = Discard.all
    container = demuxed.format.name.split(",")[0]
    stated = float(sound.duration * sound.time_base) if sound.duration and sound.time_base else 0.0
    if stated <= 0 and only_sound and demuxed.duration:
        stated = demuxed.duration / av.time_base
    estimated = "Estimating duration from bitrate" in said
    return Media(
        demuxed,
        sound,
        index,
        len(demuxed.streams.audio),
        container,
        stated_seconds=stated if stated > 0 and not estimated and container not in LENGTH_IS_A_GUESS else None,
        start_seconds=(demuxed.start_time or 0) / av.time_base,
        seconds=demuxed.duration / av.time_base if demuxed.duration and not estimated else None,
    )


def _track(demuxed: InputContainer, track: int | None) -> int:
    """The index among the streams of sound."""
    tracks = demuxed.streams.audio
    if not tracks:
        raise FileError("NoAudioStream", f"the file ({demuxed.format.name}) has no audio stream")
    if track is None:
        return next((index for index, stream in enumerate(tracks) if stream.disposition & Disposition.default), 0)
    if not 0 <= track < len(tracks):
        there = "one audio track" if len(tracks) == 1 else f"{len(tracks)} audio tracks"
        raise FileError("NoSuchTrack", f"the file has {there}, counted from 0; track {track} was asked for")
    return track


def _unreadable(head: bytes, complaints: Sequence[Complaint]) -> FileError:
    """Why libav gave up: a format that is not opened here, or a known one that is broken."""
    named = [(name.split(",")[0], text.strip()) for _, name, text in complaints if name and LOW_SCORE not in text]
    if named and named[0][0] in ALLOWED_DEMUXERS and not any("not on whitelist" in text for _, text in named):
        return FileError("DamagedAudio", f"the file is {named[0][0]} but cannot be read: {named[0][1][:200]}")
    if begins_as_audio(head):
        return FileError("DamagedAudio", "the file begins as audio does but ends before any sound")
    return FileError("UnsupportedFormat", f"this is {unknown_format(head)}")
