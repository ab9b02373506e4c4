"""Removing everything of the cluster outside `.dev/`: also after a crash, when nobody is left who remembers it."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from dev.house import cgroups, network
from dev.house.places import BIN, CONTAINERD_SOCKET, KUBELET, NODE, RUN

_CNI_RESULTS = Path("/var/lib/cni/results")
_NETWORK_NAME = "transcription-dev"


def remove() -> None:
    """Kill the pods' processes and their shims, unmount what they had, remove network and control groups. Nothing there is fine."""
    deadline = time.monotonic() + 10
    while not (_shims_killed() and _pods_killed()) and time.monotonic() < deadline:
        time.sleep(0.05)
    _unmount(RUN)
    _unmount(KUBELET)
    if (BIN / "kube-proxy").exists():
        subprocess.run([BIN / "kube-proxy", "--cleanup", f"--hostname-override={NODE}"], capture_output=True, check=False)
    network.down()
    cgroups.remove()
    for result in _CNI_RESULTS.glob(f"{_NETWORK_NAME}-*"):
        result.unlink()
    shutil.rmtree(RUN, ignore_errors=True)


def _shims_killed() -> bool:
    pids = list(_shims())
    for pid in pids:
        _kill(pid)
    return not pids


def _pods_killed() -> bool:
    cgroups.kill_all()
    return cgroups.empty()


def _shims() -> Iterator[int]:
    """Shims that serve our containerd: its socket is among their arguments."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"containerd-shim-runc-v2") and os.fsencode(CONTAINERD_SOCKET) in words:
            yield int(path.parent.name)


def _unmount(folder: Path) -> None:
    """Unmount everything below `folder`, deepest first."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    mounts = [line.split()[1].encode().decode("unicode_escape") for line in lines]
    for mount in sorted((mount for mount in mounts if Path(mount).is_relative_to(folder)), key=len, reverse=True):
        subprocess.run(["umount", "--lazy", mount], capture_output=True, check=False)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
