"""Decoding with the real libav: what people record is read, what is damaged is named, and nothing else is opened."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.integration.runner.sound import encoded, said, silence, video_without_sound, wav
from transcription_runner.engine.audio import Audio
from transcription_runner.engine.decoding.decode import DecodeBounds, Decoder
from transcription_runner.errors import FileError

SECONDS = 4.0


def tone(seconds: float = SECONDS) -> np.ndarray:
    times = np.arange(int(seconds * 16_000)) / 16_000
    return (0.3 * np.sin(2 * np.pi * 330 * times) * (1 + 0.5 * np.sin(3 * times))).astype(np.float32)


def decode(path: Path, longest: float = 3600.0) -> Audio:
    """Decoded by a decoder of its own."""
    with Decoder(path.parent, DecodeBounds(longest)) as decoder:
        return decoder.decode(path).channels[0]


def reason(content: bytes, folder: Path, longest: float = 3600.0) -> str:
    path = folder / "object"
    path.write_bytes(content)
    with pytest.raises(FileError) as caught:
        decode(path, longest)
    assert caught.value.message
    assert str(folder) not in caught.value.message
    return caught.value.reason


def seconds(content: bytes, folder: Path) -> float:
    path = folder / "object"
    path.write_bytes(content)
    return decode(path).seconds


COMMON = [
    ".wav",
    ".mp3",
    ".flac",
    ".m4a",
    ".ogg",
    ".opus",
    ".aiff",
    ".aac",
    ".wma",
    ".mkv",
    ".webm",
    ".ts",
    ".w64",
    ".avi",
    ".caf",
    ".au",
]


@pytest.mark.parametrize("suffix", COMMON)
def test_what_people_record_is_read_whole(suffix: str, tmp_path: Path) -> None:
    assert seconds(encoded(tone(), suffix), tmp_path) == pytest.approx(SECONDS, abs=0.15)


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (22_050, 2), (44_100, 2), (48_000, 6)])
def test_any_rate_and_number_of_channels_becomes_16_khz_mono(rate: int, channels: int, tmp_path: Path) -> None:
    content = encoded(tone(), ".wav", "-ar", str(rate), "-ac", str(channels))
    assert seconds(content, tmp_path) == pytest.approx(SECONDS, abs=0.01)


@pytest.mark.parametrize("codec", ["pcm_u8", "pcm_s24le", "pcm_f32le", "pcm_mulaw", "adpcm_ima_wav"])
def test_wav_may_hold_any_codec(codec: str, tmp_path: Path) -> None:
    assert seconds(encoded(tone(), ".wav", "-c:a", codec), tmp_path) == pytest.approx(SECONDS, abs=0.1)


def test_a_wav_that_was_piped_and_never_knew_its_length_is_read(tmp_path: Path) -> None:
    plain = wav(tone())
    at = plain.index(b"data") + 4
    for length in (b"\xff\xff\xff\xff", b"\0\0\0\0"):
        assert seconds(plain[:at] + length + plain[at + 4 :], tmp_path) == pytest.approx(SECONDS, abs=0.01)


def test_a_wav_with_chunks_after_the_sound_is_whole(tmp_path: Path) -> None:
    assert seconds(wav(tone()) + b"LIST\x04\x00\x00\x00INFO", tmp_path) == pytest.approx(SECONDS, abs=0.01)


def test_a_picture_on_the_cover_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(tone()))
    picture = ["-f", "lavfi", "-i", "color=red:size=32x32:duration=1:rate=1", "-frames:v", "1"]
    options = [*picture, "-map", "0:a", "-map", "1:v", "-c:v", "png", "-disposition:v", "attached_pic"]
    assert seconds(encoded(tone(), ".mp3", *options), tmp_path) == pytest.approx(SECONDS, abs=0.15)


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".flac", ".m4a", ".ogg", ".opus", ".aiff", ".mkv", ".webm"])
@pytest.mark.parametrize("share", [0.5, 0.85])
def test_a_file_that_was_cut_off_is_damaged(suffix: str, share: float, tmp_path: Path) -> None:
    whole = encoded(said("the account is ready"), suffix)
    assert reason(whole[: int(len(whole) * share)], tmp_path) == "DamagedAudio"


def test_a_header_without_sound_is_damaged(tmp_path: Path) -> None:
    assert reason(wav(tone())[:30], tmp_path) == "DamagedAudio"


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    assert reason(b"", tmp_path) == "EmptyObject"


def test_a_video_without_sound_says_so(tmp_path: Path) -> None:
    assert reason(video_without_sound(), tmp_path) == "NoAudioStream"


@pytest.mark.parametrize(
    "content",
    [
        b"this is a text that somebody called a recording\n" * 40,
        b"%PDF-1.7\n" + b"x" * 500,
        b"\x89PNG\r\n\x1a\n" + bytes(500),
        bytes(np.random.default_rng(1).integers(0, 256, 50_000, dtype=np.uint8)),
        bytes(50_000),
        b"<html><body>404</body></html>",
        b"x",
    ],
    ids=["text", "pdf", "png", "random", "zeros", "html", "one-byte"],
)
def test_what_is_no_audio_is_an_unsupported_format(content: bytes, tmp_path: Path) -> None:
    assert reason(content, tmp_path) == "UnsupportedFormat"


@pytest.fixture
def trap() -> Iterator[tuple[int, list[str]]]:
    """A web server that nobody should ask: its port, and what was asked of it."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, asked
    server.shutdown()


PLAYLISTS = {
    "m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{url}\n#EXTINF:5,\n{path}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{path}'\nfile '{url}'\n",
    "mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{url}</BaseURL></MPD>',
    "pls": "[playlist]\nFile1={url}\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=audio 5004 RTP/AVP 0\n",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_playlist_is_refused_by_name_and_nothing_that_it_names_is_opened(
    kind: str, trap: tuple[int, list[str]], tmp_path: Path
) -> None:
    port, asked = trap
    secret = tmp_path / "secret.wav"
    secret.write_bytes(wav(tone()))
    text = PLAYLISTS[kind].format(url=f"http://127.0.0.1:{port}/stolen.wav", path=secret)
    path = tmp_path / "object"
    path.write_text(text)
    with pytest.raises(FileError) as caught:
        decode(path)
    assert caught.value.reason == "UnsupportedFormat"
    assert kind in caught.value.message.lower() or "concat" in caught.value.message
    assert asked == []


def test_a_playlist_that_hides_behind_other_bytes_is_not_followed(trap: tuple[int, list[str]], tmp_path: Path) -> None:
    port, asked = trap
    hidden = b"\n" * 5000 + f"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:{port}/x.ts\n".encode()
    assert reason(hidden, tmp_path) == "UnsupportedFormat"
    assert asked == []


def test_audio_beyond_the_limit_is_too_long(tmp_path: Path) -> None:
    assert reason(wav(silence(5)), tmp_path, longest=3) == "TooLong"
    assert reason(encoded(silence(5), ".aac"), tmp_path, longest=3) == "TooLong"
