"""`transcription-runner serve` as a process of its own on a free port, on the small models, and what is left of it."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

STARTING_SECONDS = 120.0
"""A busy machine imports the libraries for a while."""


class ServiceProcess:
    """One process. Its log stands in a file, its scratch folder is its own."""

    def __init__(self, models: Path, folder: Path, *options: str, **surroundings: str) -> None:
        self.scratch = folder / "scratch"
        self.scratch.mkdir()
        self._log = folder / "log"
        arguments = ["--model", "asr-small", "--model-dir", str(models), "--device", "cpu", "--port", "0", *options]
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TMPDIR": str(self.scratch), **surroundings}
        with self._log.open("wb") as log:
            command = [sys.executable, "-m", "transcription_runner", "serve", *arguments]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        self.client = httpx2.Client(base_url=self._address(), timeout=60.0)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return self.client.base_url.host, self.client.base_url.port or 0

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return self._log.read_text(encoding="utf-8")

    def post(self, content: bytes, name: str = "call.wav", **parameters: str) -> httpx2.Response:
        """Its answer to an upload."""
        return self.client.post("/transcribe", params=parameters, files={"file": (name, content)})

    def gauge(self, name: str) -> int:
        """One of its figures, by its own word."""
        lines = self.client.get("/metrics").text.splitlines()
        return int(float(next(line.split()[1] for line in lines if line.startswith(f"transcription_service_{name} "))))

    def taken(self) -> int:
        """How many requests are in."""
        return self.gauge("places_taken")

    def resident_bytes(self) -> int:
        """Memory of the process, without that of those in which it decodes."""
        [line] = [one for one in Path(f"/proc/{self.process.pid}/status").read_text().splitlines() if one.startswith("VmRSS:")]
        return int(line.split()[1]) << 10

    def sizes(self) -> list[int]:
        """Of the files in its scratch folder that it holds: uploads, which have no names, and sound that is mapped."""
        found = []
        for descriptor in Path(f"/proc/{self.process.pid}/fd").iterdir():
            try:
                if str(descriptor.readlink()).startswith(str(self.scratch)):
                    found.append(descriptor.stat().st_size)
            except FileNotFoundError:
                continue
        return found

    def terminated(self) -> int:
        """Its exit code, after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def end(self) -> None:
        """Whatever it is doing."""
        self.client.close()
        self.process.kill()
        self.process.wait()

    def _address(self) -> str:
        end = time.monotonic() + STARTING_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            told = re.search(r"serving .* port (\d+)", self.log)
            if told and _ready(address := f"http://127.0.0.1:{told[1]}"):
                return address
            time.sleep(0.1)
        self.process.kill()
        raise AssertionError(f"the service did not become ready: {self.log}")


def _ready(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/readyz").status_code == 200
    except httpx2.ConnectError:
        return False


@contextmanager
def serving(models: Path, *options: str, **surroundings: str) -> Iterator[ServiceProcess]:
    """A service that is ready."""
    with tempfile.TemporaryDirectory() as folder:
        process = ServiceProcess(models, Path(folder), *options, **surroundings)
        try:
            yield process
        finally:
            process.end()


def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it does not come to hold"
        time.sleep(0.02)
