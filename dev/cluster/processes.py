"""Starting, finding and stopping the cluster's processes.

A process is known by its number and its start time, kept in `.dev/pids/NAME`: after a crash or a reboot a number that has
gone to somebody else is not mistaken for ours. Output goes to `.dev/logs/NAME.log`.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from dev.cluster.places import LOGS, REPOSITORY, STATE
from dev.cluster.progress import Stop

PIDS = STATE / "pids"


def start(name: str, command: Iterable[str | Path], environment: Mapping[str, str] | None = None) -> None:
    """Start `command` in the background unless it runs already."""
    if pid_of(name) is not None:
        return
    LOGS.mkdir(parents=True, exist_ok=True)
    PIDS.mkdir(parents=True, exist_ok=True)
    with (LOGS / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
    (PIDS / name).write_text(f"{process.pid} {_start_time(process.pid)}\n")


def pid_of(name: str, folder: Path = PIDS) -> int | None:
    """The number of the process called `name`, None when it does not run."""
    try:
        pid, started = (int(word) for word in (folder / name).read_text().split())
    except (OSError, ValueError):
        return None
    return pid if _start_time(pid) == started else None


def started_at(name: str) -> float:
    """When the process called `name` was started, in whole seconds of the epoch."""
    return float(int((PIDS / name).stat().st_mtime))


def running(checkout: Path = REPOSITORY) -> list[str]:
    """Names of all processes of a checkout's cluster that run."""
    folder = checkout / ".dev" / "pids"
    return sorted(path.name for path in folder.glob("*") if pid_of(path.name, folder) is not None)


def stop(names: Iterable[str], patience: float = 8) -> None:
    """Ask the processes to end, all at once; kill what still runs after `patience` seconds."""
    names = list(names)
    pids = {name: pid for name in names if (pid := pid_of(name)) is not None}
    for pid in pids.values():
        _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while (left := [name for name in pids if pid_of(name) is not None]) and time.monotonic() < deadline:
        time.sleep(0.05)
    for name in left:
        _signal(pids[name], signal.SIGKILL)
        while pid_of(name) is not None:
            time.sleep(0.01)
    for name in names:
        (PIDS / name).unlink(missing_ok=True)


def wait_until(what: str, ready: Callable[[], bool], needs: Iterable[str], seconds: float) -> None:
    """Wait for `ready()`. Raises Stop when a process in `needs` has died meanwhile, or when the time is up."""
    deadline = time.monotonic() + seconds
    while not ready():
        for name in needs:
            if pid_of(name) is None:
                raise Stop(f"{name} ended while waiting for {what}.\n{_last_lines(name)}")
        if time.monotonic() > deadline:
            raise Stop(f"{what}: not there after {seconds:.0f} s. See {LOGS}.")
        time.sleep(0.1)


def _start_time(pid: int) -> int:
    """The kernel's start time of a process in clock ticks since boot; -1 when there is none or it is a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return -1
    return -1 if fields[0] == "Z" else int(fields[19])


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _last_lines(name: str, count: int = 15) -> str:
    path = LOGS / f"{name}.log"
    lines = path.read_text(errors="replace").splitlines()[-count:] if path.exists() else []
    return f"Last lines of {path}:\n" + "\n".join(f"  {line}" for line in lines)
