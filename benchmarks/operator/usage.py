"""CPU time and memory of processes, from /proc: the operator's own, and the cluster's where it runs on this machine."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_CLUSTER = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
_BUSY, _IDLE = 0.3, 0.03


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICK


def resident_mb(pid: int) -> float:
    """Resident memory now, in MB of a million bytes."""
    return _status_kb(pid, "VmRSS") * 1024 / 1e6


def peak_mb(pid: int) -> float:
    """The most resident memory since the process began."""
    return _status_kb(pid, "VmHWM") * 1024 / 1e6


def cluster_cpu_seconds() -> Counter[str]:
    """CPU time of the cluster's programs so far, by name; empty when they run elsewhere."""
    found: Counter[str] = Counter()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name = Path(os.fsdecode((folder / "cmdline").read_bytes().split(b"\0")[0])).name
            if name in _CLUSTER:
                found[name] += cpu_seconds(int(folder.name))  # type: ignore[assignment]
        except OSError:
            continue
    return found


def wait_until_quiet(seconds: float = 60.0, window: float = 2.0) -> float:
    """Wait until this machine is 30% busy or less: what earlier load left to controllers is done. Returns the share."""
    end = time.monotonic() + seconds
    while True:
        idle, total = _machine()
        time.sleep(window)
        idle_after, total_after = _machine()
        busy = 1 - (idle_after - idle) / (total_after - total)
        if busy <= _BUSY or time.monotonic() > end:
            return round(busy, 2)


def wait_until_idle(pid: int, seconds: float = 300.0, window: float = 3.0) -> None:
    """Wait until a process uses no CPU worth mention. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while True:
        before = cpu_seconds(pid)
        time.sleep(window)
        if cpu_seconds(pid) - before <= _IDLE * window:
            return
        if time.monotonic() > end:
            raise TimeoutError(f"process {pid} is still busy after {seconds:.0f} s")


def share_of_a_core(pid: int, seconds: float) -> float:
    """CPU time of a process for each second of wall time, over so many seconds from now."""
    before, began = cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(pid) - before) / (time.monotonic() - began)


def _machine() -> tuple[int, int]:
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return fields[3] + fields[4], sum(fields)


def _stat(pid: int) -> list[str]:
    """proc(5), from the third field on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _status_kb(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1])
