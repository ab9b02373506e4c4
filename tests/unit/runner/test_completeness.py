"""Whether a file is whole, and what its first bytes say: judged from values, without libav."""

import struct
import tempfile
from collections.abc import Callable
from typing import BinaryIO

import pytest

from transcription_runner.engine.decoding.completeness import check_decoded_whole, check_ends_as_stated
from transcription_runner.engine.decoding.containers import is_wave, other_format, reference_format, unknown_format
from transcription_runner.engine.decoding.decode_bounds import DecodeBounds
from transcription_runner.errors import FileError


def file(content: bytes) -> BinaryIO:
    made = tempfile.TemporaryFile()
    made.write(content)
    made.flush()
    return made


def wav(stated: int, there: int) -> bytes:
    return b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + bytes(16) + b"data" + struct.pack("<I", stated) + bytes(there)


def rf64(stated: int, there: int) -> bytes:
    sizes = b"ds64" + struct.pack("<IQQ", 16, 0, stated)
    return b"RF64\xff\xff\xff\xffWAVE" + sizes + b"data\xff\xff\xff\xff" + bytes(there)


def caf(stated: int, there: int) -> bytes:
    return b"caff\0\x01\0\0desc" + struct.pack(">q", 32) + bytes(32) + b"data" + struct.pack(">q", stated) + bytes(there)


def ogg(stated: int, there: int) -> bytes:
    return b"OggS" + bytes(22) + bytes([1, stated]) + bytes(there)


@pytest.mark.parametrize(("container", "made"), [("wav", wav), ("wav", rf64), ("caf", caf), ("ogg", ogg)])
def test_missing_bytes_are_counted(container: str, made: Callable[[int, int], bytes]) -> None:
    check_ends_as_stated(file(made(100, 100)), container)
    with pytest.raises(FileError, match=r"\b30 bytes are missing"):
        check_ends_as_stated(file(made(100, 70)), container)


@pytest.mark.parametrize(
    ("container", "content"),
    [("wav", wav(0, 50)), ("wav", wav(0xFFFFFFFF, 50)), ("caf", caf(-1, 50)), ("mov", b"whatever")],
    ids=["wav of no length", "wav of the largest length", "caf without end", "a container that is not looked into"],
)
def test_a_length_that_says_nothing_is_no_sign_of_damage(container: str, content: bytes) -> None:
    check_ends_as_stated(file(content), container)


@pytest.mark.parametrize(
    ("seconds", "container", "stated", "errors"),
    [(9.8, "mp3", 10.0, []), (3590.0, "flac", 3593.0, []), (5.0, "mov", 10.0, []), (5.0, "mp3", None, ["bad frame"])],
    ids=["padding", "a thousandth", "gaps without complaint", "nothing stated"],
)
def test_sound_about_as_long_as_stated_is_whole(seconds: float, container: str, stated: float, errors: list[str]) -> None:
    check_decoded_whole(seconds, container, stated, errors)


@pytest.mark.parametrize(
    ("seconds", "container", "stated", "errors"),
    [(9.0, "mp3", 10.0, []), (5.0, "mov", 10.0, ["bad frame"]), (0.0, "mp3", None, []), (5.0, "ogg", None, ["CRC mismatch!"])],
    ids=["too short", "gaps and a complaint", "nothing", "a damaged page"],
)
def test_less_sound_than_stated_is_damage(seconds: float, container: str, stated: float | None, errors: list[str]) -> None:
    with pytest.raises(FileError) as caught:
        check_decoded_whole(seconds, container, stated, errors)
    assert caught.value.reason == "DamagedAudio"


def test_the_first_bytes_name_the_kind() -> None:
    assert reference_format(b"  #EXTM3U\n") == "an HLS or M3U playlist (m3u8)"
    assert reference_format(b"fLaC") is None
    assert other_format(b"PK\x03\x04") == "a ZIP archive"
    assert other_format(b"RIFF\0\0\0\0WEBP") == "an image"
    assert other_format(b"ID3") is None
    assert is_wave(b"RIFF\0\0\0\0WAVE")
    assert not is_wave(b"RIFF\0\0\0\0AVI ")
    assert unknown_format(b"what people write\n") == "plain text"
    assert unknown_format(bytes(10)) == "no audio or video format known here"


def test_patience_grows_with_the_stated_length_but_not_with_a_lie() -> None:
    bounds = DecodeBounds(1000.0, least_seconds=10.0, seconds_for_a_second=0.1)
    assert [bounds.patience(stated) for stated in (None, 100.0, 1e300)] == [110.0, 20.0, 110.0]
