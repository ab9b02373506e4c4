"""What a local file holds, told by ffprobe in a child process that opens nothing but this file."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transcription_runner.engine.containers import ALLOWED_DEMUXERS, other_format, reference_format
from transcription_runner.errors import FileError

PROBE_SECONDS = 60.0
HEAD_BYTES = 4096
LEAST_SCORE = 2
"""ffprobe's confidence, 0 to 100; at 1 it guesses that any bytes are MP3."""

_BEGINNINGS = (b"RIFF", b"RF64", b"FORM", b"fLaC", b"OggS", b"ID3", b"\x1aE\xdf\xa3", b"#!AMR", b"caff", b".snd")


@dataclass(frozen=True)
class Media:
    """A file with sound in it."""

    container: str
    """The demuxer's first name, such as wav or mov."""
    stated_seconds: float | None
    """The length that the file itself states for its sound; None where it makes no claim."""


def probe(path: Path) -> Media:
    """Look into the file. Raises FileError: EmptyObject, UnsupportedFormat, DamagedAudio, NoAudioStream."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise FileError("EmptyObject", "the object has no content")
    if playlist := reference_format(head):
        raise FileError("UnsupportedFormat", f"this is {playlist}: it holds no sound, and what it names is not fetched")
    found, complaints = _ffprobe(path)
    if not found.get("format"):
        raise _unreadable(head, complaints)
    described = found["format"]
    if int(described.get("probe_score", 100)) < LEAST_SCORE:
        raise FileError("UnsupportedFormat", f"this is {other_format(head)}")
    streams = [stream for stream in found.get("streams", []) if stream.get("codec_type") == "audio"]
    if not streams:
        raise FileError("NoAudioStream", f"the file ({described['format_name']}) has no audio stream")
    only_sound = all(
        stream.get("codec_type") == "audio" or stream.get("disposition", {}).get("attached_pic") for stream in found["streams"]
    )
    container = described["format_name"].split(",")[0]
    guessed = "Estimating duration from bitrate" in complaints or container in ("ogg", "mpegts")
    stated = _seconds(streams[0].get("duration")) or (_seconds(described.get("duration")) if only_sound else None)
    return Media(container, None if guessed else stated)


def _ffprobe(path: Path) -> tuple[dict[str, Any], str]:
    entries = "format=format_name,duration,probe_score:stream=codec_type,duration:stream_disposition=attached_pic"
    command = ["ffprobe", "-v", "warning", "-protocol_whitelist", "file", "-format_whitelist", ",".join(ALLOWED_DEMUXERS)]
    command += ["-show_entries", entries, "-of", "json", f"file:{path}"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PROBE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise FileError("DecodeTimeout", f"looking into the file took longer than {PROBE_SECONDS:.0f} s") from None
    complaints = done.stderr.decode("utf-8", "replace")
    try:
        found = json.loads(done.stdout or b"{}")
    except ValueError:
        found = {}
    return (found if done.returncode == 0 else {}), complaints


def _unreadable(head: bytes, complaints: str) -> FileError:
    """Why ffprobe gave up: a format that is not opened here, or a known one that is broken."""
    recognised = re.search(r"^\[([a-z0-9_]+)[a-z0-9_,]* @ ", complaints, re.MULTILINE)
    if recognised and recognised[1] in ALLOWED_DEMUXERS and "not on whitelist" not in complaints:
        what = complaints.strip().splitlines()[0].partition("] ")[2][:200]
        return FileError("DamagedAudio", f"the file is {recognised[1]} but cannot be read: {what}")
    if head.startswith(_BEGINNINGS):
        return FileError("DamagedAudio", "the file begins as audio does but ends before any sound")
    return FileError("UnsupportedFormat", f"this is {other_format(head)}")


def _seconds(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 < value < float("inf") else None
