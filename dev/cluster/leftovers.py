"""Removing everything of the cluster outside `.dev/`: also after a crash, when nobody is left who remembers it."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from dev.cluster import cgroups, network
from dev.cluster.places import BIN, CACHE, KUBELET, NODE, RUN

_CNI_RESULTS = Path("/var/lib/cni/results")
_NETWORK_NAME = "transcription-dev"
_SERVERS = {
    "containerd",
    "containerd-shim-runc-v2",
    "coredns",
    "etcd",
    "gpus",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubelet",
    "minio",
}


def remove() -> None:
    """Kill what still runs, unmount what pods had, remove network and control groups, if there are any."""
    deadline = time.monotonic() + 10
    while not (_programs_killed() and _pods_killed()) and time.monotonic() < deadline:
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


def _programs_killed() -> bool:
    pids = list(_programs())
    for pid in pids:
        _kill(pid)
    return not pids


def _pods_killed() -> bool:
    cgroups.kill_all()
    return cgroups.empty()


def _programs() -> Iterator[int]:
    """Processes of programs that we built and that only a cluster starts: containerd's shims, and all whose numbers were lost
    with a deleted `.dev/`. Somebody's kubectl is not among them."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            program, name = (process / "exe").readlink(), (process / "cmdline").read_bytes().split(b"\0")[0]
        except OSError:
            continue
        if program.is_relative_to(CACHE / "programs") and Path(os.fsdecode(name)).name in _SERVERS:
            yield int(process.name)


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
