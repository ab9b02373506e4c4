"""Bad files: each fails with its own reason, all others are written, and nothing is fetched from anywhere else."""

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.house import Bucket, Job, outputs_of
from tests.e2e.speech import ENGLISH, encode, wav
from tests.integration.kubectl import Kubectl


class Trap:
    """A web server that no runner should ever ask."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        trap = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                trap.asked.append(self.path)
                self.send_error(404)

        self.server = HTTPServer(("0.0.0.0", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def trap() -> Iterator[Trap]:
    trap = Trap()
    yield trap
    trap.server.shutdown()


def silent_video(folder: Path) -> bytes:
    target = folder / "video.mp4"
    pattern = ["-f", "lavfi", "-i", "testsrc=duration=2:size=160x120:rate=10"]
    subprocess.run(["ffmpeg", "-v", "error", *pattern, "-c:v", "mpeg4", str(target)], check=True)
    return target.read_bytes()


def test_bad_files_fail_alone(kubectl: Kubectl, bucket: Bucket, trap: Trap, tmp_path: Path) -> None:
    good = wav("the account is ready", **ENGLISH)
    host = bucket.client._base_url.host.split(":")[0]
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://{host}:{trap.port}/stolen.wav\n#EXTINF:5,\n/etc/passwd\n#EXT-X-ENDLIST\n"
    bucket.put("bad/empty.wav", b"")
    bucket.put("bad/truncated.wav", good[: len(good) // 2])
    bucket.put("bad/text.wav", b"this is a text that somebody called a recording\n" * 40)
    bucket.put("bad/video.mp4", silent_video(tmp_path))
    bucket.put("bad/playlist.wav", playlist.encode())
    bucket.put("good/silence.wav", encode(np.zeros(16000 * 5, np.float32), ".wav"))
    bucket.put("good/speech.wav", good)
    keys = [*sorted(bucket.keys()), "bad/../../escape.wav", "bad/missing.wav"]

    job = Job.apply(kubectl, "bad-files", source={"bucket": bucket.name, "keys": keys}, maxFailedFiles=7)
    status = job.succeeded()

    assert status["files"] == {"total": 9, "succeeded": 2, "skipped": 0, "failed": 7}
    reasons = {failure["key"]: failure["reason"] for failure in status["failures"]}
    assert reasons == {
        "bad/empty.wav": "EmptyObject",
        "bad/truncated.wav": "DamagedAudio",
        "bad/text.wav": "UnsupportedFormat",
        "bad/video.mp4": "NoAudioStream",
        "bad/playlist.wav": "UnsupportedFormat",
        "bad/../../escape.wav": "InvalidKey",
        "bad/missing.wav": "ObjectNotFound",
    }
    assert all(failure["message"] for failure in status["failures"])
    assert outputs_of(["good/silence.wav", "good/speech.wav"]) <= bucket.keys("transcripts/")
    assert bucket.transcript("good/silence.wav")["segments"] == []
    assert trap.asked == []


def test_more_failed_files_than_allowed_fail_the_job_but_the_others_are_written(kubectl: Kubectl, bucket: Bucket) -> None:
    bucket.put("a-empty.wav", b"")
    bucket.put("b-speech.wav", wav("the account is ready", **ENGLISH))
    job = Job.apply(kubectl, "one-too-many", source={"bucket": bucket.name})
    status = job.finished()
    assert status["phase"] == "Failed"
    assert job.condition("Failed")["reason"] == "TooManyFailedFiles"
    assert outputs_of(["b-speech.wav"]) <= bucket.keys("transcripts/")
