"""What is measured: the service or its peer, a process of its own on a free port of its own, with a clean scratch folder."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ..operator import usage
from ..runner.process import CommandFailedError, last_words, session_memory
from ..runner.sides import WORK, Setting, environment

HOST = "127.0.0.1"
STARTING_SECONDS = 300.0
"""A busy machine imports the libraries for a while."""


@dataclass(frozen=True)
class Server:
    """A server that answers at `address`; `process` is its id, and its session's."""

    address: str
    process: int

    def cpu_seconds(self) -> float:
        """CPU time so far, without that of the processes in which it decodes files."""
        return usage.cpu_seconds(self.process)

    def resident_bytes(self) -> int:
        """Memory of it and of all that it started, pages that they share counted in each."""
        return session_memory(self.process)


def service_command(setting: Setting) -> list[str]:
    """The service. Its beam is what a recipe has that says nothing of it."""
    return [sys.executable, "-m", "transcription_runner", "serve", "--host", HOST, "--port", "0", *_shared(setting)]


def peer_command(setting: Setting) -> list[str]:
    """Stock whisperx behind FastAPI, told the same, and what the service finds by itself: its threads."""
    own = ["--beam-size", str(setting.beam_size), "--threads", str(setting.stock_threads)]
    return [sys.executable, "-m", f"{__package__}.peer", *_shared(setting), *own]


def _shared(setting: Setting) -> list[str]:
    told = {
        "model": setting.model,
        "device": setting.device,
        "compute-type": setting.compute_type,
        "batch-size": str(setting.batch_size),
    }
    return [part for name, value in told.items() for part in (f"--{name}", value)]


@contextmanager
def running(name: str, command: Sequence[str]) -> Iterator[Server]:
    """A server that is ready, while the block lasts. Its output is in a file of the name `name`.

    Raises CommandFailedError when it ends before it is ready, or takes too long.
    """
    log = WORK / "service" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-service-", ignore_cleanup_errors=True) as scratch:
        surroundings = environment() | {"TMPDIR": scratch}
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, env=surroundings, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        try:
            yield Server(_address(name, process, log), process.pid)
        finally:
            with suppress(ProcessLookupError):  # it ended by itself
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def port_of(log: str) -> int | None:
    """The port that a server has told in its log."""
    told = re.search(r"\bserving .* port (\d+)\n", log)
    return int(told[1]) if told else None


def _address(name: str, process: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise CommandFailedError(f"the {name} ended with {process.returncode}; {last_words(log)}")
        port = port_of(log.read_text(encoding="utf-8", errors="replace"))
        if port is not None and _listens(port):
            return f"http://{HOST}:{port}"
        time.sleep(0.2)
    raise CommandFailedError(f"the {name} was not ready after {STARTING_SECONDS:.0f} s; {last_words(log)}")


def _listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1.0).close()
    except OSError:
        return False
    return True
