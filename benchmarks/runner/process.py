"""Run one command and watch it: wall time, CPU time, and the resident memory of it and all that it starts."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TAIL = 1500  # characters of output that an error shows


class CommandFailedError(Exception):
    """The command ended wrongly; the message holds its last output."""


@dataclass(frozen=True)
class Usage:
    """What a command used. Memory samples are (unix time in seconds, bytes resident in the whole process tree)."""

    wall_seconds: float
    cpu_seconds: float
    memory: tuple[tuple[float, int], ...]

    @property
    def peak_bytes(self) -> int:
        return max((size for _, size in self.memory), default=0)


def watched(
    command: list[str], environment: Mapping[str, str], log: Path, every: float = 0.25, limit_seconds: float = 3600.0
) -> Usage:
    """Run `command` to its end with its output in `log`, sampling memory `every` so many seconds.

    Raises CommandFailedError for an exit code other than 0 and for a run over the limit.
    """
    memory: list[tuple[float, int]] = []
    with log.open("wb") as output:
        started = time.monotonic()
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
        try:
            while True:
                ended, status, usage = os.wait4(process.pid, os.WNOHANG)
                wall = time.monotonic() - started
                if ended:
                    process.returncode = os.waitstatus_to_exitcode(status)
                    break
                if wall > limit_seconds:
                    raise CommandFailedError(f"{command[0]} ran over {limit_seconds:.0f} s; {last_words(log)}")
                if wall >= len(memory) * every:
                    memory.append((time.time(), session_memory(process.pid)))
                time.sleep(0.01)
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    if process.returncode:
        raise CommandFailedError(f"{command[0]} ended with {process.returncode}; {last_words(log)}")
    return Usage(wall, usage.ru_utime + usage.ru_stime, tuple(memory))


def last_words(log: Path) -> str:
    """Where a command's output is, and how it ends."""
    return f"all of its output is in {log}, which ends:\n{log.read_text(encoding='utf-8', errors='replace')[-_TAIL:]}"


def session_memory(session: int) -> int:
    """Bytes resident in all processes of a session, pages that they share counted in each."""
    total = 0
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                fields = Path(entry.path, "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended meanwhile
            if int(fields[3]) == session:  # proc(5): after the name, field 6 is the session, field 24 the resident pages
                total += int(fields[21]) * _PAGE
    return total
