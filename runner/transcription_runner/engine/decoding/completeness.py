"""Whether a file is whole: by its own structure, about which decoders are silent, and by what could be decoded from it."""

import os
import struct
from typing import BinaryIO

from transcription_runner.engine.decoding.containers import GAPS_ARE_LEGAL
from transcription_runner.errors import FileError

UNKNOWN_LENGTHS = (0, 0x7FFFFFFF)
"""Data lengths that recorders write when they cannot know; from the second one upward the field says nothing."""
TOLERATED_SECONDS = 0.25
TOLERATED_SHARE = 0.001
"""Encoders pad and trim; a stated length that is off by no more than both of these together is no sign of damage."""

DAMAGED_PAGE = "CRC mismatch"
"""libav's words for an Ogg page that it leaves out, sound and all; the file states no length that would tell."""


def check_ends_as_stated(file: BinaryIO, container: str) -> None:
    """Raises FileError (DamagedAudio) if bytes are missing by the file's own account. Leaves the file's position anywhere."""
    size = os.fstat(file.fileno()).st_size
    missing = {"wav": _riff_missing, "caf": _caf_missing, "ogg": _ogg_missing}.get(container, _nothing_missing)(file, size)
    if missing:
        raise FileError("DamagedAudio", f"the file is cut off: by its own account ({container}) {missing} bytes are missing")


def check_decoded_whole(seconds: float, container: str, stated_seconds: float | None, errors: list[str]) -> None:
    """Raises FileError (DamagedAudio) for less sound than was stated: what was cut in transit must not pass for the whole.

    `errors`: what the decoder complained of, in order.
    """
    if not seconds:
        why = errors[0][:200] if errors else "no reason given"
        raise FileError("DamagedAudio", f"no sound could be decoded from the {container} file: {why}")
    if container == "ogg" and any(DAMAGED_PAGE in error for error in errors):
        raise FileError("DamagedAudio", f"pages of the ogg file are damaged; only {seconds:.1f} s of its sound can be decoded")
    if stated_seconds is None or (container in GAPS_ARE_LEGAL and not errors):
        return
    if seconds < stated_seconds - TOLERATED_SECONDS - TOLERATED_SHARE * stated_seconds:
        raise FileError(
            "DamagedAudio", f"the {container} file states {stated_seconds:.1f} s of sound; only {seconds:.1f} s can be decoded"
        )


def _nothing_missing(_file: BinaryIO, _size: int) -> int:
    return 0


def _riff_missing(file: BinaryIO, size: int) -> int:
    """Chunks are a four-letter name, a 32-bit length and the content; `data` holds the sound (RF64: 64-bit length in `ds64`)."""
    file.seek(0)
    if file.read(4) not in (b"RIFF", b"RF64"):
        return 0
    file.seek(12)
    long_length = None
    while len(header := file.read(8)) == 8:
        name, length = struct.unpack("<4sI", header)
        if name == b"ds64":
            content = file.read(min(length, size))
            long_length = struct.unpack_from("<Q", content, 8)[0] if len(content) >= 16 else None
            continue
        if name == b"data":
            if length == 0xFFFFFFFF and long_length:
                length = long_length
            elif length == UNKNOWN_LENGTHS[0] or length >= UNKNOWN_LENGTHS[1]:
                return 0
            return max(0, file.tell() + int(length) - size)
        file.seek(length + length % 2, 1)
    return 0


def _caf_missing(file: BinaryIO, size: int) -> int:
    """Chunks are a four-letter name, a 64-bit length and the content; a `data` chunk of length -1 goes on to the end."""
    file.seek(8)
    while len(header := file.read(12)) == 12:
        name, length = struct.unpack(">4sq", header)
        if name == b"data" or length < 0:
            return max(0, file.tell() + int(length) - size)
        file.seek(length, 1)
    return 0


def _ogg_missing(file: BinaryIO, size: int) -> int:
    """Pages follow each other; each states its length in a table of segment lengths (RFC 3533)."""
    position = 0
    while position < size:
        file.seek(position)
        header = file.read(27)
        if len(header) < 27:
            return 27 - len(header)
        if header[:4] != b"OggS":
            return 0
        table = file.read(header[26])
        position += 27 + header[26] + sum(table)
    return position - size
