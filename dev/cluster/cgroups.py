"""The control group that every pod of the cluster lives in, so that `down` finds each of their processes."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

from dev.cluster.places import CGROUP

_MOUNT = Path("/sys/fs/cgroup")
_NEEDED = ("cpu", "cpuset", "memory", "pids")


def _unified() -> bool:
    return (_MOUNT / "cgroup.controllers").exists()


def _folders() -> Iterator[Path]:
    """Our folder in each hierarchy of version 1, the only one in version 2."""
    if _unified():
        yield _MOUNT / CGROUP
        return
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, mount, kind, *_ = line.split()
        if kind in ("cgroup", "cgroup2"):
            yield Path(mount) / CGROUP


def create() -> None:
    """Create our folder in each hierarchy. What the kernel demands before a process may enter is taken from the parent."""
    for folder in _folders():
        folder.mkdir(exist_ok=True)
        if _unified():
            for parent in (_MOUNT, folder):
                (parent / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in _NEEDED))
        for name in ("cpuset.cpus", "cpuset.mems"):
            own, parents = folder / name, folder.parent / name
            if not _unified() and own.exists() and not own.read_text().strip():
                own.write_text(parents.read_text())


def kill_all() -> None:
    """Kill every process in our folders."""
    for pid in {pid for folder in _folders() for pid in _processes(folder)}:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def empty() -> bool:
    """Whether no process is left in our folders."""
    return not any(pid for folder in _folders() for pid in _processes(folder))


def remove() -> None:
    """Remove our folders, deepest first. Raises OSError when a process is still in one."""
    for folder in _folders():
        for path, _, _ in os.walk(folder, topdown=False):
            Path(path).rmdir()


def _processes(folder: Path) -> Iterator[int]:
    for path in folder.rglob("cgroup.procs"):
        try:
            yield from (int(line) for line in path.read_text().split())
        except OSError:  # the group went away, or takes threads and no processes
            continue
