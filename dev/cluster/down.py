"""`down`: stop the cluster. Its data, built programs and images stay for the next `up`."""

import subprocess

from dev.cluster import holder, leftovers, needs, processes
from dev.cluster.images import ctr
from dev.cluster.places import HOLDER
from dev.cluster.progress import Progress

# Whoever would start pods again goes first, whoever they need goes last.
_FIRST = ("kubelet", "gpus", "kube-proxy", "kube-scheduler", "kube-controller-manager", "coredns")
_LAST = ("etcd", "minio", "containerd")


def down() -> None:
    """Stop everything and remove all that lies outside `.dev/`. Nothing to stop is fine."""
    needs.check_root()
    with holder.alone():
        holder.check()
        _stop_everything(Progress(3))


def _stop_everything(progress: Progress) -> None:
    with progress.step("stopping the node"):
        processes.stop(_FIRST)
        if processes.pid_of("containerd") is not None:
            _remove_containers()
    with progress.step("stopping the control plane and the stores"):
        processes.stop(("kube-apiserver",), patience=0)  # it keeps no state, and would wait for every open watch
        processes.stop(_LAST)
    with progress.step("removing network, mounts and control groups"):
        leftovers.remove()
    HOLDER.unlink(missing_ok=True)


def _remove_containers() -> None:
    """Have containerd forget the pods, so that it starts with none next time. Their images stay."""
    tasks = _listed("tasks")
    if tasks:
        subprocess.run([*ctr(), "tasks", "delete", "--force", *tasks], capture_output=True, check=False)
    containers = _listed("containers")
    if containers:
        subprocess.run([*ctr(), "containers", "delete", *containers], capture_output=True, check=False)


def _listed(what: str) -> list[str]:
    return subprocess.run([*ctr(), what, "list", "--quiet"], capture_output=True, text=True, check=False).stdout.split()
