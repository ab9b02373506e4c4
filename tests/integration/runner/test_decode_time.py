"""Decoding keeps time: what is heard at a second in a player is at that second of the decoded sound."""

import random
import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.integration.runner.beeps import beeping, beeps, ffmpeg, heard_by_ffmpeg, video
from transcription_runner.engine.audio import Sound
from transcription_runner.engine.decoding.decode import DecodeBounds, Decoder, Wanted
from transcription_runner.errors import FileError

NEAR = 0.1
VIDEOS = [".mp4", ".mov", ".mkv", ".webm", ".ts", ".mpg", ".flv", ".asf", ".ogv"]


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Decoder]:
    with Decoder(tmp_path_factory.mktemp("scratch"), DecodeBounds(600.0)) as decoder:
        yield decoder


def heard(decoder: Decoder, path: Path) -> list[float]:
    return beeps(decoder.decode(path).channels[0].pcm)


@pytest.mark.parametrize("suffix", VIDEOS)
def test_sound_that_starts_late_is_late(suffix: str, decoder: Decoder, tmp_path: Path) -> None:
    path = video(tmp_path / f"late{suffix}", beeping(1, 4), late=2.0)
    assert heard(decoder, path) == pytest.approx([3, 6], abs=NEAR)
    assert heard_by_ffmpeg(path) == pytest.approx([3, 6], abs=NEAR)


@pytest.mark.parametrize("suffix", VIDEOS)
def test_a_gap_is_as_long_as_it_is(suffix: str, decoder: Decoder, tmp_path: Path) -> None:
    path = video(tmp_path / f"gap{suffix}", beeping(1, 6), "-af", "aselect=not(between(t\\,3\\,5))")
    assert heard(decoder, path) == pytest.approx([1, 6], abs=NEAR)
    assert heard_by_ffmpeg(path) == pytest.approx([1, 6], abs=NEAR)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_many_gaps_do_not_add_up(suffix: str, decoder: Decoder, tmp_path: Path) -> None:
    """Not in a transport stream: ffmpeg packs several frames under one timestamp there, so gaps move inside such a pack."""
    times = [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5]
    path = video(tmp_path / f"gaps{suffix}", beeping(*times), "-af", "aselect=lt(mod(t\\,0.5)\\,0.3)", late=0.25)
    assert heard(decoder, path) == pytest.approx([time + 0.25 for time in times], abs=NEAR)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".ts", ".opus", ".ogg", ".m4a", ".mp3"])
def test_what_an_encoder_puts_in_front_shifts_nothing(suffix: str, decoder: Decoder, tmp_path: Path) -> None:
    path = ffmpeg(tmp_path / f"plain{suffix}", "-f", "lavfi", "-i", beeping(1, 6))
    assert heard(decoder, path) == pytest.approx([1, 6], abs=0.03)
    assert decoder.decode(path).seconds == pytest.approx(8, abs=0.06)


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_what_an_edit_list_cuts_off_is_not_there(suffix: str, decoder: Decoder, tmp_path: Path) -> None:
    whole = video(tmp_path / f"whole{suffix}", beeping(1, 4), "-g", "50")
    path = ffmpeg(tmp_path / f"cut{suffix}", "-ss", "2.3", "-i", str(whole), "-c", "copy")
    assert heard(decoder, path) == pytest.approx([1.7], abs=NEAR)
    assert heard_by_ffmpeg(path) == pytest.approx([1.7], abs=NEAR)


def test_a_recording_in_pieces_keeps_time(decoder: Decoder, tmp_path: Path) -> None:
    pieces = video(tmp_path / "a.mp4", beeping(1, 4), "-movflags", "frag_keyframe+empty_moov", late=2.0)
    assert heard(decoder, pieces) == pytest.approx([3, 6], abs=NEAR)
    live = video(tmp_path / "a.webm", beeping(1, 4), "-live", "1", late=2.0)
    assert heard(decoder, live) == pytest.approx([3, 6], abs=NEAR)


def test_time_begins_where_the_container_begins(decoder: Decoder, tmp_path: Path) -> None:
    path = video(tmp_path / "a.ts", beeping(1, 4), "-output_ts_offset", "5000", late=2.0)
    assert heard(decoder, path) == pytest.approx([3, 6], abs=NEAR)
    alone = ffmpeg(tmp_path / "alone.ts", "-f", "lavfi", "-i", beeping(1, 6), "-output_ts_offset", "5000")
    assert heard(decoder, alone) == pytest.approx([1, 6], abs=NEAR)


@pytest.mark.parametrize("order", [("early", "late"), ("late", "early"), ("early", "early")])
def test_a_count_that_begins_anew_loses_no_sound_and_no_gap(order: tuple[str, str], decoder: Decoder, tmp_path: Path) -> None:
    """Two recordings joined byte by byte, as recorders of transport streams do; a jump forward is a gap, as in a player."""
    gap = ("-af", "aselect=not(between(t\\,3\\,5))")
    video(tmp_path / "early", beeping(1, 6), *gap, "-f", "mpegts")
    video(tmp_path / "late", beeping(1, 6), *gap, "-f", "mpegts", "-output_ts_offset", "30")
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join((tmp_path / name).read_bytes() for name in order))
    between = 30 if order == ("early", "late") else 8
    assert heard(decoder, joined) == pytest.approx([1, 6, between + 1, between + 6], abs=NEAR)


def test_chained_ogg_keeps_the_gaps_of_each_link(decoder: Decoder, tmp_path: Path) -> None:
    link = ffmpeg(tmp_path / "link.ogg", "-f", "lavfi", "-i", beeping(1, 6), "-af", "aselect=not(between(t\\,3\\,5))")
    chain = tmp_path / "chain.ogg"
    chain.write_bytes(2 * link.read_bytes())
    assert heard(decoder, chain) == pytest.approx([1, 6, 9, 14], abs=NEAR)


FRAME = 800
"""Samples: 50 ms at 16 kHz."""


def stamped(target: Path, stamps: list[float], **options: str) -> Path:
    """Sound in Matroska, 50 ms for each timestamp, in seconds; every 50 ms are told apart by their loudness."""
    with av.open(str(target), "w", format="matroska", options=options) as container:
        stream = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for number, stamp in enumerate(stamps):
            packet = av.Packet(np.full(FRAME, 100 * (number + 1), "<i2").tobytes())
            packet.stream, packet.time_base = stream, Fraction(1, 1000)
            packet.pts = packet.dts = int(stamp * 1000)
            packet.duration = 50
            container.mux(packet)
    return target


def levels(sound: Sound) -> list[int]:
    """The loudness of each run of samples, silence included."""
    pcm = sound.channels[0].pcm
    return [int(level) for level in pcm[np.concatenate([[True], np.diff(pcm) != 0])]]


def test_sound_that_overlaps_is_kept_in_its_order(decoder: Decoder, tmp_path: Path) -> None:
    sound = decoder.decode(stamped(tmp_path / "a.mkv", [0, 0.05, 0.06, 0.07, 0.4]))
    assert levels(sound) == [100, 200, 300, 400, 0, 500]
    assert sound.seconds == pytest.approx(0.45, abs=0.001)


@pytest.mark.parametrize("far", [700.0, 1e6, 1e12], ids=["beyond the limit", "11 days", "30,000 years"])
def test_a_timestamp_beyond_belief_costs_no_sound_and_adds_no_silence(far: float, decoder: Decoder, tmp_path: Path) -> None:
    path = stamped(tmp_path / "a.mkv", [0, 0.05, far, far + 0.05], live="1")
    sound = decoder.decode(path)
    assert levels(sound) == [100, 200, 300, 400]
    assert sound.seconds == pytest.approx(0.2, abs=0.001)


@pytest.mark.parametrize("far", [700.0, 1e12])
def test_a_file_that_states_to_be_that_long_is_too_long(far: float, decoder: Decoder, tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        decoder.decode(stamped(tmp_path / "a.mkv", [0, 0.05, far]))
    assert caught.value.reason == "TooLong"


def test_a_long_gap_is_silence_in_mapped_sound(tmp_path: Path) -> None:
    path = stamped(tmp_path / "a.mkv", [0, 0.05, 550.0])
    with Decoder(tmp_path, DecodeBounds(600.0, mapped_from_seconds=3.0)) as decoder:
        sound = decoder.decode(path)
    assert isinstance(sound.channels[0].pcm, np.memmap)
    assert levels(sound) == [100, 200, 0, 300]
    assert sound.seconds == pytest.approx(550.05, abs=0.001)


def test_what_is_filled_in_does_not_hide_what_is_missing(decoder: Decoder, tmp_path: Path) -> None:
    """Damage in the middle of an mp4: the frames that cannot be decoded leave a gap that nobody meant."""
    path = ffmpeg(tmp_path / "a.m4a", "-f", "lavfi", "-i", "anoisesrc=d=8:r=48000")
    content = bytearray(path.read_bytes())
    begin = content.index(b"mdat") + 4
    length = struct.unpack(">I", content[begin - 8 : begin - 4])[0]
    content[begin + length // 3 : begin + length // 2] = bytes(length // 2 - length // 3)
    path.write_bytes(content)
    with pytest.raises(FileError) as caught:
        decoder.decode(path)
    assert caught.value.reason == "DamagedAudio"


def test_sound_goes_on_where_another_stream_turns_up_on_the_way(decoder: Decoder, tmp_path: Path) -> None:
    """Beyond what is looked at to learn which streams there are; the wanted one goes on in the second part."""
    ffmpeg(tmp_path / "sound.ts", "-f", "lavfi", "-i", beeping(1, 100, seconds=120), "-b:a", "384k", "-streamid", "0:257")
    video(tmp_path / "film.ts", beeping(1, 6), "-streamid", "0:256", "-streamid", "1:257", "-output_ts_offset", "120")
    joined = tmp_path / "joined.ts"
    joined.write_bytes((tmp_path / "sound.ts").read_bytes() + (tmp_path / "film.ts").read_bytes())
    assert heard(decoder, joined) == pytest.approx([1, 100, 121, 126], abs=NEAR)


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".mpg", ".ogv"])
def test_damaged_timestamps_end_with_sound_or_a_reason(suffix: str, split: bool, tmp_path: Path) -> None:
    """No message may be of the kind that nobody has thought of, and no sound longer than the limit."""
    gap = ("-af", "aselect=not(between(t\\,3\\,5))")
    whole = video(tmp_path / f"gap{suffix}", beeping(1, 6), *gap, late=2.0).read_bytes()
    with Decoder(tmp_path, DecodeBounds(60.0)) as decoder:
        for seed in range(15):
            chance, content = random.Random(seed), bytearray(whole)
            for _ in range(chance.choice([1, 5, 50, 500])):
                content[chance.randrange(len(content))] = chance.randrange(256)
            found = outcome(decoder, bytes(content), Wanted(split))
            if isinstance(found, Sound):
                assert 0 < found.seconds <= 60
            else:
                assert found.reason in {"DamagedAudio", "NoAudioStream", "UnsupportedFormat", "TooLong"}
                assert "gave up" not in found.message
                assert "crashed" not in found.message


def outcome(decoder: Decoder, content: bytes, want: Wanted) -> Sound | FileError:
    try:
        return decoder.decode(content, want)
    except FileError as fault:
        return fault
