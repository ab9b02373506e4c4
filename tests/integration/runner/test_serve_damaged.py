"""Hundreds of bad uploads through the real service: a true status each, soon, and neither a byte nor memory stays behind."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import numpy as np
import pytest

from tests.integration.runner.damage import CLAIMS, FUZZED, PLAYLISTS, SUFFIXES, TRUNCATED, amr, no_sound
from tests.integration.runner.raw_upload import BOUNDARY, RawUpload, form
from tests.integration.runner.service_process import ServiceProcess, serving, until
from tests.integration.runner.sound import encoded, said, video_without_sound, wav

LONGEST_SECONDS = 60
AT_ONCE = 8
SOON_SECONDS = 60.0
"""Far beyond what any of these takes on a busy machine."""
MORE_MEMORY_BYTES = 250 << 20
TONE = (0.3 * np.sin(np.arange(8000) / 8)).astype(np.float32)
REFUSED = (413, 415, 422)


@pytest.fixture(scope="module")
def service(models: Path) -> Iterator[ServiceProcess]:
    with serving(models, TRANSCRIPTION_MAX_AUDIO_SECONDS=str(LONGEST_SECONDS)) as process:
        yield process


def silent(seconds: int, suffix: str, *options: str) -> bytes:
    """A small file of much silence."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, f"silence{suffix}")
        source = ["-f", "lavfi", "-i", f"anullsrc=r=8000:cl=mono:d={seconds}"]
        subprocess.run(["ffmpeg", "-v", "error", *source, *options, str(target)], check=True, stdin=subprocess.DEVNULL)
        return target.read_bytes()


def bad_files() -> dict[str, bytes]:
    good = {suffix: amr(0.5) if suffix == ".amr" else encoded(TONE, suffix) for suffix in SUFFIXES}
    damaged = {f"{name}{suffix}": damage(good[suffix]) for suffix in SUFFIXES for name, damage in (TRUNCATED | FUZZED).items()}
    claims = {f"{claim}{suffix}": damage(good[suffix]) for (suffix, claim), damage in CLAIMS.items()}
    playlists = {
        f"playlist: {name}": text.format(url="http://127.0.0.1:9/x", path="/etc/passwd", port=9).encode()
        for name, text in PLAYLISTS.items()
    }
    swapped = {f"{suffix} called .mp4": good[suffix] + good[".wav"] for suffix in SUFFIXES}
    whole = {**damaged, **claims, **playlists, **swapped, **no_sound(good[".wav"])}
    return {**whole, "nothing": b"", "no sound in a video": video_without_sound()}


def left_alone(service: ServiceProcess) -> bool:
    return (service.taken(), service.sizes()) == (0, [])


def test_damaged_files_get_a_true_status_and_leave_nothing_behind(service: ServiceProcess) -> None:
    bad = bad_files()
    assert len(bad) >= 300
    assert service.post(wav(said("yes")), language="en").status_code == 200
    before = service.resident_bytes()

    def answer(name: str) -> tuple[httpx2.Response, float]:
        began = time.monotonic()
        return service.post(bad[name], name, language="en"), time.monotonic() - began

    with ThreadPoolExecutor(AT_ONCE) as clients:
        answers = dict(zip(bad, clients.map(answer, bad), strict=True))
    for name, (answered, seconds) in answers.items():
        assert answered.status_code in (200, *REFUSED), (name, answered.text)
        if answered.status_code != 200:
            assert answered.json()["error"]["code"], name
        assert "passwd" not in answered.text, name
        assert seconds < SOON_SECONDS, name
    assert answers["nothing"][0].json()["error"]["code"] == "EmptyObject"
    assert answers["PDF"][0].status_code == 415
    refused = sum(answered.status_code in REFUSED for answered, _ in answers.values())
    assert refused > len(bad) / 2
    assert service.post(wav(said("yes")), language="en").status_code == 200
    until(lambda: left_alone(service))
    assert service.resident_bytes() - before < MORE_MEMORY_BYTES


@pytest.mark.parametrize(("suffix", "options"), [(".flac", ()), (".opus", ("-c:a", "libopus", "-b:a", "6k"))])
def test_a_small_file_of_endless_silence_is_stopped_at_the_longest_that_is_taken(
    service: ServiceProcess, suffix: str, options: tuple[str, ...]
) -> None:
    bomb, before = silent(20 * LONGEST_SECONDS, suffix, *options), service.resident_bytes()
    answered = service.post(bomb, f"silence{suffix}")
    assert (answered.status_code, answered.json()["error"]["code"]) == (413, "TooLong")
    within = service.post(silent(LONGEST_SECONDS - 10, suffix, *options), f"silence{suffix}", language="en", format="txt")
    assert (within.status_code, within.text.strip()) == (200, "")
    until(lambda: left_alone(service))
    assert service.resident_bytes() - before < MORE_MEMORY_BYTES


SOUND = wav(TONE)
PART = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{{name}}"{{more}}\r\n\r\n'
FILE = PART.format(name="file", more='; filename="a.wav"').encode()
END = f"\r\n--{BOUNDARY}--\r\n".encode()
FORMS: dict[str, bytes] = {
    "nothing": b"",
    "no end": FILE + SOUND,
    "no beginning": SOUND + END,
    "an end alone": END,
    "an end and much behind it": FILE + SOUND + END + b"x" * 1_000_000,
    "much before the beginning": b"x" * 1_000_000 + b"\r\n" + FILE + SOUND + END,
    "lines that end with LF alone": (FILE + SOUND + END).replace(b"\r\n", b"\n"),
    "no name": f'--{BOUNDARY}\r\nContent-Disposition: form-data; filename="a.wav"\r\n\r\n'.encode() + SOUND + END,
    "no disposition": f"--{BOUNDARY}\r\nContent-Type: audio/wav\r\n\r\n".encode() + SOUND + END,
    "a header without a colon": f"--{BOUNDARY}\r\nContent-Disposition form-data\r\n\r\n".encode() + SOUND + END,
    "a header of a megabyte": FILE.replace(b"\r\n\r\n", b"\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\n") + SOUND + END,
    "ten thousand headers": FILE.replace(b"\r\n\r\n", b"\r\nX: y" * 10_000 + b"\r\n\r\n") + SOUND + END,
    "ten thousand fields": PART.format(name="prompt", more="").encode().join([b""] + [b"x\r\n"] * 10_000) + FILE + SOUND + END,
    "two files": FILE + SOUND + b"\r\n" + FILE + SOUND + END,
    "a thousand files": b"".join(FILE + b"x\r\n" for _ in range(1000)) + END,
    "a field of a megabyte": PART.format(name="prompt", more="").encode() + b"x" * 1_000_000 + b"\r\n" + FILE + SOUND + END,
    "a name of zeros": FILE.replace(b'"file"', b'"\0\0\0"') + SOUND + END,
    "a file name of zeros": FILE.replace(b"a.wav", b"\0/../../etc/passwd") + SOUND + END,
    "a file name that is no text": FILE.replace(b"a.wav", bytes(range(128, 255))) + SOUND + END,
    "an endless file name": FILE.replace(b"a.wav", b"a" * 4000) + SOUND + END,
    "quotes that do not end": FILE.replace(b'a.wav"', b"a.wav") + SOUND + END,
    "an encoding of its own": FILE.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n") + SOUND + END,
    "almost the boundary, again and again": FILE + f"\r\n--{BOUNDARY[:-1]}".encode() * 100_000 + END,
    "a form in a form": FILE + form(SOUND) + END,
    "zeros": bytes(100_000),
}
FRAMES: dict[str, dict[str, str]] = {
    "a boundary of nothing": {"Content-Type": "multipart/form-data; boundary="},
    "no boundary": {"Content-Type": "multipart/form-data"},
    "an endless boundary": {"Content-Type": f"multipart/form-data; boundary={'b' * 10_000}"},
    "a charset that there is not": {"Content-Type": f"multipart/form-data; charset=nonsense; boundary={BOUNDARY}"},
    "another charset": {"Content-Type": f"multipart/form-data; charset=utf-7; boundary={BOUNDARY}"},
    "no form": {"Content-Type": "application/x-www-form-urlencoded"},
    "a length below nothing": {"Content-Length": "-5"},
    "a length that is no number": {"Content-Length": "many"},
    "too short a length": {"Content-Length": "100"},
    "a length and chunks": {"Transfer-Encoding": "chunked"},
    "chunks that are none": {"Transfer-Encoding": "chunked", "Content-Length": ""},
    "an encoding that there is not": {"Transfer-Encoding": "gzip, chunked"},
    "a compressed body": {"Content-Encoding": "gzip"},
    "an expectation": {"Expect": "100-continue"},
    "another expectation": {"Expect": "a miracle"},
    "an upgrade": {"Upgrade": "h2c", "Connection": "Upgrade, close"},
    "an endless header": {"X": "y" * 60_000},
}


@pytest.mark.parametrize("name", list(FORMS))
def test_a_form_that_is_none_is_told_so(service: ServiceProcess, name: str) -> None:
    with RawUpload(service, SOUND, body=FORMS[name]) as upload:
        upload.send()
        answered = upload.answer()
    assert answered.status in (200, *REFUSED), answered
    assert b"passwd" not in answered.body.replace(b'"key": "passwd"', b"")
    until(lambda: left_alone(service))


@pytest.mark.parametrize("name", list(FRAMES))
def test_a_request_whose_headers_do_not_fit_its_body_ends(service: ServiceProcess, name: str) -> None:
    with RawUpload(service, SOUND, headers=FRAMES[name]) as upload:
        upload.send()
        answered = upload.answer()
    assert answered.status in (200, 400, 501, *REFUSED), answered
    until(lambda: left_alone(service))
    assert "internal error" not in service.log
