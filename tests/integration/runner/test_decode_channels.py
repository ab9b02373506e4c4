"""Channels stay apart, tracks can be chosen, and sound may come as bytes or as samples."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.integration.runner.beeps import beeping, beeps, ffmpeg, video
from tests.integration.runner.sound import wav
from transcription_runner.engine.audio import Sound
from transcription_runner.engine.decoding.decode import DecodeBounds, Decoder, Source, Wanted
from transcription_runner.errors import FileError

SPLIT = Wanted(split=True)
NEAR = 0.1


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Decoder]:
    with Decoder(tmp_path_factory.mktemp("scratch"), DecodeBounds(600.0)) as decoder:
        yield decoder


def times(sound: Sound) -> list[list[float]]:
    return [beeps(channel.pcm) for channel in sound.channels]


def reason(decoder: Decoder, source: Source, want: Wanted) -> tuple[str, str]:
    with pytest.raises(FileError) as caught:
        decoder.decode(source, want)
    return caught.value.reason, caught.value.message


def several(target: Path, channels: int, *options: str) -> Path:
    """Channel n beeps at second n + 1."""
    sources = [part for channel in range(channels) for part in ("-f", "lavfi", "-i", beeping(channel + 1, seconds=channels + 2))]
    joined = "".join(f"[{channel}:a]" for channel in range(channels)) + f"amerge=inputs={channels}[a]"
    return ffmpeg(target, *sources, "-filter_complex", joined, "-map", "[a]", *options)


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".m4a", ".flac", ".ogg", ".opus", ".webm", ".mka", ".ts"])
@pytest.mark.parametrize("rate", ["8000", "16000", "48000"])
def test_left_and_right_stay_apart(suffix: str, rate: str, decoder: Decoder, tmp_path: Path) -> None:
    if suffix in (".webm", ".ts") and rate == "8000":
        rate = "24000"
    path = several(tmp_path / f"call{suffix}", 2, "-ar", rate)
    sound = decoder.decode(path, SPLIT)
    left, right = times(sound)
    assert left == pytest.approx([1], abs=NEAR)
    assert right == pytest.approx([2], abs=NEAR)
    assert len(sound.channels[0].pcm) == len(sound.channels[1].pcm)
    assert sound.seconds == pytest.approx(4, abs=NEAR)
    (mixed,) = times(decoder.decode(path))
    assert mixed == pytest.approx([1, 2], abs=NEAR)


@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_u8", "pcm_s24le", "pcm_f32le", "pcm_mulaw"])
def test_two_callers_in_any_codec_of_wav(codec: str, decoder: Decoder, tmp_path: Path) -> None:
    path = several(tmp_path / "call.wav", 2, "-ar", "8000", "-c:a", codec)
    assert times(decoder.decode(path, SPLIT)) == [pytest.approx([1], abs=NEAR), pytest.approx([2], abs=NEAR)]


@pytest.mark.parametrize("channels", [1, 3, 6, 8])
def test_up_to_eight_channels_are_kept_apart(channels: int, decoder: Decoder, tmp_path: Path) -> None:
    path = several(tmp_path / "many.wav", channels, "-ar", "16000") if channels > 1 else tmp_path / "one.wav"
    if channels == 1:
        ffmpeg(path, "-f", "lavfi", "-i", beeping(1, seconds=3))
    assert times(decoder.decode(path, SPLIT)) == [pytest.approx([channel + 1], abs=0.01) for channel in range(channels)]


def test_more_channels_can_only_be_mixed(decoder: Decoder, tmp_path: Path) -> None:
    path = several(tmp_path / "ten.wav", 10, "-ar", "16000")
    name, message = reason(decoder, path, SPLIT)
    assert name == "TooManyChannels"
    assert "10 channels" in message
    (mixed,) = decoder.decode(path).channels
    levels = [np.abs(mixed.pcm[16_000 * second : 16_000 * second + 3000].astype(int)).max() for second in range(1, 12)]
    assert levels == pytest.approx([1638] * 10 + [0], rel=0.05)  # a tenth of each channel's beep


def test_channels_that_start_late_and_have_a_gap_keep_time(decoder: Decoder, tmp_path: Path) -> None:
    path = video(tmp_path / "a.mp4", beeping(1, 6), "-af", "aselect=not(between(t\\,3\\,5)),pan=stereo|c0=c0|c1=0*c0", late=2.0)
    left, right = times(decoder.decode(path, SPLIT))
    assert left == pytest.approx([3, 8], abs=NEAR)
    assert right == []


def test_long_channels_are_mapped_each_by_itself(tmp_path: Path) -> None:
    path, scratch = several(tmp_path / "call.wav", 2, "-ar", "16000"), tmp_path / "scratch"
    scratch.mkdir()
    with Decoder(scratch, DecodeBounds(600.0, mapped_from_seconds=3.0)) as decoder:
        sound = decoder.decode(path, SPLIT)
    assert all(isinstance(channel.pcm, np.memmap) and channel.pcm.flags.c_contiguous for channel in sound.channels)
    assert times(sound) == [pytest.approx([1], abs=0.01), pytest.approx([2], abs=0.01)]
    assert list(scratch.iterdir()) == []


def tracks(target: Path, *flags: str) -> Path:
    """Three audio tracks that beep at 1, 2 and 3 s, with these default flags, beside pictures."""
    pictures = ["-f", "lavfi", "-i", "testsrc=duration=5:size=64x64:rate=5"]
    sources = [part for second in (1, 2, 3) for part in ("-f", "lavfi", "-i", beeping(second, seconds=5))]
    maps = [part for source in range(4) for part in ("-map", str(source))]
    marks = [part for track, flag in enumerate(flags) for part in (f"-disposition:a:{track}", flag)]
    return ffmpeg(target, *pictures, *sources, *maps, "-c:v", "libvpx" if target.suffix == ".webm" else "mpeg4", *marks)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
@pytest.mark.parametrize(
    ("flags", "used"), [(("0", "default", "0"), 1), (("0", "0", "default"), 2), (("0", "default", "default"), 1)]
)
def test_the_default_track_is_taken(suffix: str, flags: tuple[str, ...], used: int, decoder: Decoder, tmp_path: Path) -> None:
    sound = decoder.decode(tracks(tmp_path / f"film{suffix}", *flags))
    assert (sound.track, sound.tracks) == (used, 3)
    assert times(sound) == [pytest.approx([used + 1], abs=NEAR)]


@pytest.mark.parametrize("suffix", [".mkv", ".ts"])
def test_without_a_default_the_first_track_is_taken(suffix: str, decoder: Decoder, tmp_path: Path) -> None:
    sound = decoder.decode(tracks(tmp_path / f"film{suffix}", "0", "0", "0"))
    assert (sound.track, sound.tracks) == (0, 3)
    assert times(sound) == [pytest.approx([1], abs=NEAR)]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_another_track_can_be_chosen(suffix: str, decoder: Decoder, tmp_path: Path) -> None:
    path = tracks(tmp_path / f"film{suffix}", "default", "0", "0")
    for track in range(3):
        sound = decoder.decode(path, Wanted(track=track))
        assert (sound.track, sound.tracks) == (track, 3)
        assert times(sound) == [pytest.approx([track + 1], abs=NEAR)]


@pytest.mark.parametrize("track", [1, 7, -1])
def test_a_track_that_is_not_there_is_named_with_how_many_are(track: int, decoder: Decoder) -> None:
    assert reason(decoder, wav(np.zeros(16_000, np.float32)), Wanted(track=track)) == (
        "NoSuchTrack",
        f"the file has one audio track, counted from 0; track {track} was asked for",
    )


def test_bytes_are_decoded_as_the_file_would_be(decoder: Decoder, tmp_path: Path) -> None:
    path = several(tmp_path / "call.m4a", 2)
    from_file, from_name, from_bytes = (decoder.decode(source, SPLIT) for source in (path, str(path), path.read_bytes()))
    for channel in range(2):
        assert np.array_equal(from_bytes.channels[channel].pcm, from_file.channels[channel].pcm)
        assert np.array_equal(from_name.channels[channel].pcm, from_file.channels[channel].pcm)


def test_bytes_leave_nothing_behind_and_have_the_reasons_of_files(tmp_path: Path) -> None:
    with Decoder(tmp_path, DecodeBounds(600.0)) as decoder:
        assert reason(decoder, b"", SPLIT)[0] == "EmptyObject"
        assert reason(decoder, b"no sound at all " * 100, SPLIT)[0] == "UnsupportedFormat"
        assert decoder.decode(wav(np.zeros(16_000, np.float32))).seconds == 1.0
    assert list(tmp_path.iterdir()) == []


def test_samples_need_no_decoding(decoder: Decoder) -> None:
    pcm = np.arange(-32768, 32768, dtype=np.int16)
    samples = pcm.astype(np.float32) / np.float32(32768)
    (mixed,) = decoder.decode(samples).channels
    assert np.array_equal(mixed.pcm, pcm)
    assert np.array_equal(mixed.samples, samples)
    left, right = decoder.decode(np.stack([samples, 0 * samples]), SPLIT).channels
    assert np.array_equal(left.pcm, pcm)
    assert not right.pcm.any()
    (both,) = decoder.decode(np.stack([samples, samples])).channels
    assert np.array_equal(both.pcm, pcm)


def test_loud_samples_are_clipped(decoder: Decoder) -> None:
    (sound,) = decoder.decode(np.array([2.0, -2.0, np.inf], np.float32)).channels
    assert list(sound.pcm) == [32767, -32768, 32767]


@pytest.mark.parametrize(
    ("samples", "want", "expected"),
    [
        (np.zeros(0), SPLIT, "EmptyObject"),
        (np.zeros((16_000, 2)), SPLIT, "TooManyChannels"),
        (np.zeros((16_000, 2)), Wanted(), "TooManyChannels"),
        (np.zeros((1, 2, 3)), SPLIT, "UnsupportedFormat"),
        (np.full(10, np.nan), SPLIT, "UnsupportedFormat"),
        (np.zeros(10, np.int16), SPLIT, "UnsupportedFormat"),
        (np.zeros(16_000 * 601), SPLIT, "TooLong"),
        (np.zeros(10), Wanted(track=1), "NoSuchTrack"),
    ],
    ids=["none", "channels last", "channels last, mixed", "three dimensions", "no numbers", "integers", "long", "second track"],
)
def test_samples_that_cannot_be_sound_say_why(samples: np.ndarray, want: Wanted, expected: str, decoder: Decoder) -> None:
    if samples.dtype != np.int16:
        samples = samples.astype(np.float32)
    assert reason(decoder, samples, want)[0] == expected
