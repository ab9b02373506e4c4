"""The decoding process: it is bounded, knows no secret, is replaced when it dies, and gives the sound that ffmpeg gives."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.integration.runner.sound import encoded, said, silence, wav
from transcription_runner.engine.decoding.decode import DecodeBounds, Decoder
from transcription_runner.errors import FileError


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def decoder(scratch: Path) -> Iterator[Decoder]:
    with Decoder(scratch, DecodeBounds(3600.0)) as decoder:
        yield decoder


def file(folder: Path, content: bytes, name: str = "object") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def process(decoder: Decoder) -> int:
    """The process id of the decoder's only child."""
    return int(decoder._processes[0]._process.pid)


def ffmpeg(path: Path) -> np.ndarray:
    """The file as whisperx.load_audio decodes it."""
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(path), "-f", "s16le", "-ac", "1", "-acodec", "pcm_s16le"]
    return np.frombuffer(subprocess.run([*command, "-ar", "16000", "-"], check=True, capture_output=True).stdout, np.int16)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".flac", ".m4a", ".ogg"])
def test_the_sound_is_that_of_ffmpeg(suffix: str, rate: int, channels: int, decoder: Decoder, tmp_path: Path) -> None:
    _assert_same(decoder, file(tmp_path, encoded(said("the account is ready"), suffix, *_options(rate, channels)), f"a{suffix}"))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("suffix", "rate"), [(".opus", 8000), (".opus", 16_000), (".opus", 48_000), (".webm", 48_000)])
def test_the_sound_of_opus_is_that_of_ffmpeg(suffix: str, rate: int, channels: int, decoder: Decoder, tmp_path: Path) -> None:
    _assert_same(decoder, file(tmp_path, encoded(said("the account is ready"), suffix, *_options(rate, channels)), f"a{suffix}"))


def _options(rate: int, channels: int) -> list[str]:
    pan = ["-af", "pan=stereo|c0=0.9*c0|c1=0.4*c0"] if channels == 2 else []
    return [*pan, "-ar", str(rate)]


def _assert_same(decoder: Decoder, path: Path) -> None:
    expected, found = ffmpeg(path).astype(int), decoder.decode(path).channels[0].pcm.astype(int)
    assert len(found) == len(expected)
    difference = np.abs(found - expected)
    assert difference.max() <= 6  # of 32768: ffmpeg's versions round a resampling in 16 bits differently
    assert np.mean(difference > 1) < 0.05


def test_a_path_that_leads_nowhere_is_a_fault_of_the_file(decoder: Decoder, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "absent", tmp_path, tmp_path / "pipe", Path("/dev/zero"), Path("a\0b"), tmp_path / ("x" * 300)):
        with pytest.raises(FileError) as caught:
            decoder.decode(path)
        assert caught.value.reason == "NotReadable"


def test_long_sound_is_mapped_from_a_file_that_has_no_name(scratch: Path, tmp_path: Path) -> None:
    with Decoder(scratch, DecodeBounds(3600.0, mapped_from_seconds=3.0)) as decoder:
        (long,), (short,) = (decoder.decode(file(tmp_path, wav(silence(seconds)))).channels for seconds in (4, 2))
    assert isinstance(long.pcm, np.memmap)
    assert not isinstance(short.pcm, np.memmap)
    assert long.seconds == 4.0
    assert not long.samples.any()
    assert list(scratch.iterdir()) == []


def test_a_scratch_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with Decoder(tmp_path / "gone", DecodeBounds(3600.0)) as decoder, pytest.raises(FileError) as caught:
        decoder.decode(file(tmp_path, wav(silence(1))))
    assert caught.value.reason == "ScratchFull"


def test_a_file_that_takes_too_long_is_ended_and_the_next_one_is_decoded(scratch: Path, tmp_path: Path) -> None:
    long, short = file(tmp_path, encoded(silence(1800), ".flac"), "long"), file(tmp_path, wav(silence(1)), "short")
    with Decoder(scratch, DecodeBounds(3600.0, least_seconds=0.05, seconds_for_a_second=0.0)) as decoder:
        with pytest.raises(FileError) as caught:
            decoder.decode(long)
        assert caught.value.reason == "DecodeTimeout"
        assert decoder.decode(short).seconds == 1.0


def test_a_process_that_stands_still_is_replaced(scratch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transcription_runner.engine.decoding.decode.SLACK_SECONDS", 0.5)
    path = file(tmp_path, wav(silence(1)))
    with Decoder(scratch, DecodeBounds(3600.0, opening_seconds=0.5, least_seconds=0.5, seconds_for_a_second=0.0)) as decoder:
        decoder.decode(path)
        stopped = process(decoder)
        os.kill(stopped, signal.SIGSTOP)
        with pytest.raises(FileError) as caught:
            decoder.decode(path)
        assert caught.value.reason == "DecodeTimeout"
        assert decoder.decode(path).seconds == 1.0
        assert process(decoder) != stopped


def test_a_crash_costs_its_own_file_only(decoder: Decoder, tmp_path: Path) -> None:
    long, short = file(tmp_path, encoded(silence(3000), ".flac"), "long"), file(tmp_path, wav(silence(1)), "short")
    decoder.decode(short)
    time.sleep(0.1)  # the process of the short file is gone
    threading.Thread(target=_crash_the_worker, args=(process(decoder),), daemon=True).start()
    with pytest.raises(FileError) as caught:
        decoder.decode(long)
    assert caught.value.reason == "DamagedAudio"
    assert "crashed" in caught.value.message
    assert decoder.decode(short).seconds == 1.0


def _crash_the_worker(resident: int) -> None:
    """End the process of the file as a fault in libav would, once it is at work."""
    children = Path(f"/proc/{resident}/task/{resident}/children")
    for _ in range(2000):
        if working := children.read_text().split():
            os.kill(int(working[0]), signal.SIGSEGV)
            return
        time.sleep(0.002)


def test_the_late_end_of_a_process_is_not_taken_for_the_answer_to_the_next_file(
    decoder: Decoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file(tmp_path, wav(silence(1)))
    child = decoder._processes[0]
    decoder.decode(path)
    answers = [{"number": child._number, "ended": -11}]
    arriving = child._next_answer
    monkeypatch.setattr(child, "_next_answer", lambda: answers.pop() if answers else arriving())
    assert decoder.decode(path).seconds == 1.0


def test_a_process_that_died_between_two_files_costs_nothing(decoder: Decoder, tmp_path: Path) -> None:
    path = file(tmp_path, wav(silence(1)))
    decoder.decode(path)
    os.kill(process(decoder), signal.SIGKILL)
    time.sleep(0.2)
    assert decoder.decode(path).seconds == 1.0


def test_a_process_for_each_of_several_threads(scratch: Path, tmp_path: Path) -> None:
    paths = [file(tmp_path, wav(silence(1 + n % 5)), str(n)) for n in range(40)]
    with Decoder(scratch, DecodeBounds(3600.0), children=2) as decoder, ThreadPoolExecutor(4) as threads:
        assert decoder.children == 2
        assert [audio.seconds for audio in threads.map(decoder.decode, paths)] == [1.0 + n % 5 for n in range(40)]


def test_it_knows_no_secret_and_can_open_nothing(decoder: Decoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3_SECRET_KEY", "do not tell")
    with Decoder(tmp_path, DecodeBounds(3600.0)) as decoder:
        decoder.decode(file(tmp_path, wav(silence(1))))
        status = Path(f"/proc/{process(decoder)}")
        assert b"do not tell" not in (status / "environ").read_bytes()
        limits = (status / "limits").read_text()
        assert _limit(limits, "Max open files") == 5
        assert _limit(limits, "Max core file size") == 0
        assert _limit(limits, "Max address space") == DecodeBounds(1).memory_bytes
        assert len(list((status / "fd").iterdir())) == 3


def _limit(limits: str, name: str) -> int:
    line = next(line for line in limits.splitlines() if line.startswith(name))
    return int(line[len(name) :].split()[1])


def test_nothing_runs_on_after_closing(scratch: Path, tmp_path: Path) -> None:
    with Decoder(scratch, DecodeBounds(3600.0)) as decoder:
        decoder.decode(file(tmp_path, wav(silence(1))))
        child = process(decoder)
    assert not Path(f"/proc/{child}").exists()


ENDS_WITH_AN_ANSWER_UNREAD = """
import os, select, socket, sys, tempfile
from pathlib import Path
from transcription_runner.engine.decoding.decode import DecodeBounds, Decoder
child = Decoder(Path(sys.argv[1]), DecodeBounds(60.0))._processes[0]
child._await_ready()
with open(sys.argv[2], "rb") as media, tempfile.TemporaryFile(dir=sys.argv[1]) as sound:
    socket.send_fds(child._channel, [bytes([1])], [media.fileno(), sound.fileno()])
    answered, _, _ = select.select([child._channel], [], [], 60)
os._exit(0 if answered else 1)
"""


def test_a_decoder_whose_runner_was_killed_ends_without_a_word(scratch: Path, tmp_path: Path) -> None:
    media = file(tmp_path, wav(silence(1.0)))
    command = [sys.executable, "-c", ENDS_WITH_AN_ANSWER_UNREAD, str(scratch), str(media)]
    ended = subprocess.run(command, capture_output=True, timeout=120, check=False)  # waits for the decoder's end, too
    assert (ended.returncode, ended.stderr) == (0, b"")
