"""Hundreds of bad files through one decoder: each ends soon, with sound or a reason, and does not harm the next one."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from tests.integration.runner.damage import CLAIMS, FUZZED, PLAYLISTS, SUFFIXES, TRUNCATED, amr, external_reference, no_sound
from tests.integration.runner.sound import Samples, encoded, wav
from transcription_runner.engine.audio import Audio
from transcription_runner.engine.decoding.decode import DecodeBounds, Decoder
from transcription_runner.engine.decoding.probe import opened
from transcription_runner.errors import FileError

SECONDS = 2.0
LIMIT_SECONDS = 20.0
"""Far beyond what any of these files needs on a busy machine, far below the decoder's own bounds."""
MEMORY_BYTES = 256 << 20
"""Little more than the process has to start with, so that a number in a header cannot buy much."""
REASONS = {"EmptyObject", "UnsupportedFormat", "DamagedAudio", "NoAudioStream", "TooLong"}
DAMAGED = [(suffix, damage) for suffix in SUFFIXES for damage in TRUNCATED | FUZZED]
END_SHOWS = (".wav", ".flac", ".m4a", ".ogg", ".opus", ".aiff", ".caf")
"""Formats that state a length, or have marked ends: of the others, what is left looks like a whole file."""


def _tone() -> Samples:
    times = np.arange(int(SECONDS * 16_000)) / 16_000
    noise = np.random.default_rng(1).normal(0, 0.02, len(times))
    return (0.3 * np.sin(2 * np.pi * 330 * times) + noise).astype(np.float32)


@pytest.fixture(scope="module")
def good() -> dict[str, bytes]:
    """A whole file of each format."""
    return {suffix: amr(SECONDS) if suffix == ".amr" else encoded(_tone(), suffix) for suffix in SUFFIXES}


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Decoder]:
    """The one decoder that all files meet."""
    with Decoder(tmp_path_factory.mktemp("scratch"), DecodeBounds(60.0, memory_bytes=MEMORY_BYTES)) as decoder:
        yield decoder


def outcome(decoder: Decoder, content: bytes, folder: Path, name: str = "object") -> Audio | FileError:
    """What the decoder makes of it, after which it still decodes what is good."""
    path, sound = folder / name, folder / "good.wav"
    path.write_bytes(content)
    sound.write_bytes(wav(_tone()))
    began = time.monotonic()
    found = _attempt(decoder, path)
    if isinstance(found, Audio):
        assert 0 < found.seconds <= 60.0
    else:
        assert found.reason in REASONS
        assert 10 < len(found.message) < 500
        assert str(folder) not in found.message
    assert time.monotonic() - began < LIMIT_SECONDS
    assert decoder.decode(sound).seconds == SECONDS
    return found


def _attempt(decoder: Decoder, path: Path) -> Audio | FileError:
    try:
        return decoder.decode(path).channels[0]
    except FileError as fault:
        return fault


@pytest.mark.parametrize(("suffix", "damage"), DAMAGED)
def test_a_damaged_file_ends_with_sound_or_a_reason(
    suffix: str, damage: str, good: dict[str, bytes], decoder: Decoder, tmp_path: Path
) -> None:
    outcome(decoder, (TRUNCATED | FUZZED)[damage](good[suffix]), tmp_path, f"object{suffix}")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_files_undamaged_are_sound(suffix: str, good: dict[str, bytes], decoder: Decoder, tmp_path: Path) -> None:
    found = outcome(decoder, good[suffix], tmp_path)
    assert isinstance(found, Audio)
    assert found.seconds == pytest.approx(SECONDS, abs=0.15)


@pytest.mark.parametrize("suffix", END_SHOWS)
@pytest.mark.parametrize("damage", ["cut to 5%", "cut to 20%", "cut to 40%", "cut to 60%", "cut to 80%"])
def test_what_is_left_of_a_file_does_not_pass_for_the_whole(
    suffix: str, damage: str, good: dict[str, bytes], decoder: Decoder, tmp_path: Path
) -> None:
    found = outcome(decoder, TRUNCATED[damage](good[suffix]), tmp_path)
    assert isinstance(found, FileError)
    assert found.reason == "DamagedAudio"


@pytest.mark.parametrize(("suffix", "claim"), list(CLAIMS))
def test_a_number_that_cannot_be_true_costs_neither_time_nor_memory(
    suffix: str, claim: str, good: dict[str, bytes], decoder: Decoder, tmp_path: Path
) -> None:
    bad = CLAIMS[suffix, claim](good[suffix])
    assert bad != good[suffix]
    outcome(decoder, bad, tmp_path)


@pytest.mark.parametrize("kind", list(no_sound(b"")))
@pytest.mark.parametrize("suffix", [".wav", ".mp3"])
def test_a_file_of_another_kind_is_refused_whatever_it_is_called(
    kind: str, suffix: str, good: dict[str, bytes], decoder: Decoder, tmp_path: Path
) -> None:
    found = outcome(decoder, no_sound(good[".wav"])[kind], tmp_path, f"recording{suffix}")
    assert isinstance(found, FileError)
    assert found.reason == "UnsupportedFormat"


class Trap:
    """A port of this machine that nobody should ask, and how often somebody did."""

    def __init__(self) -> None:
        self.asked = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/sound.wav"
        threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self) -> None:
        while True:
            try:
                caller, _ = self._listening.accept()
            except OSError:
                return
            self.asked += 1
            caller.close()

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def trap() -> Iterator[Trap]:
    trap = Trap()
    yield trap
    trap.close()


@pytest.mark.parametrize("suffix", [".wav", ".m3u8"])
@pytest.mark.parametrize("kind", list(PLAYLISTS))
def test_nothing_that_a_playlist_names_is_opened(kind: str, suffix: str, trap: Trap, decoder: Decoder, tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(wav(_tone()))
    text = PLAYLISTS[kind].format(url=trap.url, path=secret, port=trap.port)
    found = outcome(decoder, text.encode(), tmp_path, f"list{suffix}")
    assert isinstance(found, FileError)
    assert found.reason == "UnsupportedFormat"
    assert trap.asked == 0


@pytest.mark.parametrize("kind", list(PLAYLISTS))
def test_nor_would_it_be_where_the_process_has_a_network(kind: str, trap: Trap, tmp_path: Path) -> None:
    """What looks into files, called here: the decoding process could not reach the trap even if it tried."""
    path = tmp_path / "list"
    path.write_text(PLAYLISTS[kind].format(url=trap.url, path=tmp_path / "secret.wav", port=trap.port))
    with av.logging.Capture() as log, path.open("rb") as file, pytest.raises(FileError), opened(file, log):
        pass
    assert trap.asked == 0


def test_without_the_lists_the_trap_would_be_asked(trap: Trap, tmp_path: Path) -> None:
    path = tmp_path / "list.m3u8"
    path.write_text(PLAYLISTS["m3u8"].format(url=trap.url, path=path))
    with pytest.raises(av.FFmpegError):
        av.open(str(path), options={"extension_picky": "0", "protocol_whitelist": "file,http,tcp"})
    assert trap.asked > 0


@pytest.mark.parametrize("kind", [b"url ", b"alis"])
@pytest.mark.parametrize("names", ["an address", "a path"])
def test_sound_that_lies_outside_its_file_is_not_fetched(
    kind: bytes, names: str, good: dict[str, bytes], trap: Trap, decoder: Decoder, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.m4a"
    secret.write_bytes(encoded(np.zeros(8 * 16_000, np.float32), ".m4a"))
    content = external_reference(good[".m4a"], trap.url if names == "an address" else str(secret), kind)
    found = outcome(decoder, content, tmp_path, "object.mov")
    assert isinstance(found, FileError) or found.seconds < 3
    assert trap.asked == 0


def test_the_trap_notices_who_asks(trap: Trap) -> None:
    socket.create_connection(("127.0.0.1", trap.port)).close()
    deadline = time.monotonic() + 10
    while not trap.asked and time.monotonic() < deadline:
        time.sleep(0.01)
    assert trap.asked == 1


NAMES = [
    "-i",
    "-",
    "pipe:0",
    "concat:a|b",
    "http:",
    "file:..",
    "%d.wav",
    "$(touch x).wav",
    "a b\tc\nd",
    "'\";`",
    "…/ü/\U0001f399".replace("/", "-"),
    "ا\u202eb.wav",
    "x" * 255,
    ".hidden",
    "sound.m3u8",
    os.fsdecode(b"\xff\xfe.wav"),
]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_no_name_of_a_file_means_anything(name: str, decoder: Decoder, tmp_path: Path) -> None:
    assert isinstance(outcome(decoder, wav(_tone()), tmp_path, name), Audio)


def test_these_are_at_least_three_hundred_files() -> None:
    assert len(DAMAGED) + len(CLAIMS) + len(no_sound(b"")) + len(PLAYLISTS) >= 300
