"""Whether a file ends where its own structure says. Decoders are silent about a WAV or an Ogg file that was cut off."""

import struct
from pathlib import Path
from typing import BinaryIO

UNKNOWN_LENGTHS = (0, 0x7FFFFFFF)
"""Data lengths that recorders write when they cannot know; from the second one upward the field says nothing."""


def missing_bytes(path: Path, container: str) -> int:
    """How many bytes the file lacks by its own account; 0 where nothing is missing or the container makes no claim."""
    with path.open("rb") as file:
        if container == "wav":
            return _riff_missing(file, path.stat().st_size)
        if container == "ogg":
            return _ogg_missing(file, path.stat().st_size)
    return 0


def _riff_missing(file: BinaryIO, size: int) -> int:
    """Chunks are a four-letter name, a 32-bit length and the content; `data` holds the sound (RF64: 64-bit length in `ds64`)."""
    if file.read(4) not in (b"RIFF", b"RF64"):
        return 0
    file.seek(12)
    long_length = None
    while len(header := file.read(8)) == 8:
        name, length = struct.unpack("<4sI", header)
        if name == b"ds64":
            content = file.read(length)
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
