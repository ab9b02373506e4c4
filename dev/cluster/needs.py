"""What the machine has to bring: checked before anything is built, and said in full when it is not there."""

import os
import shutil
import subprocess
from pathlib import Path

from dev.cluster.places import CACHE, STATE
from dev.cluster.programs import go_version
from dev.cluster.progress import Progress, Stop

# Debian packages, each with a file that shows it is there.
PACKAGES = {
    "containernetworking-plugins": "/usr/lib/cni/bridge",
    "debootstrap": "/usr/sbin/debootstrap",
    "gcc": "/usr/bin/gcc",
    "iproute2": "/usr/sbin/ip",
    "iptables": "/usr/sbin/iptables",
    "libc6-dev": "/usr/include/stdio.h",
    "libseccomp-dev": "/usr/include/seccomp.h",
    "openssl": "/usr/bin/openssl",
    "pkg-config": "/usr/bin/pkg-config",
}
# GiB. Building: 25 for the runner image (build cache, content, snapshot), 8 for wheels, the rest for Go.
DISK_FOR_BUILDING = 45
DISK_FOR_RUNNING = 4
_LONGEST_STATE_PATH = 70  # a unix socket's path has at most 107 characters, and the kubelet's lie deep below .dev

_ROOT = "root: containers, bridges and mounts need it. Run it with sudo, or in a virtual machine of your own."
_INSTEAD = """
The dev cluster runs on Linux as root, without Docker. Any other cluster does as well: build the two images, push them
where it can pull them, and name it:  KUBECONFIG=... OPERATOR_IMAGE=... RUNNER_IMAGE=... make demo   (see dev/README.md)"""


def check_root() -> None:
    """Raises Stop for anybody but root."""
    if os.geteuid() != 0:
        raise Stop(f"this needs {_ROOT}")


def check(images_built: bool) -> None:
    """Raises Stop with all that is missing, not only the first."""
    missing = []
    if os.geteuid() != 0:
        missing.append(_ROOT)
    if "overlay" not in Path("/proc/filesystems").read_text():
        missing.append("overlayfs: the kernel does not have it (`modprobe overlay` loads it where it is a module).")
    if shutil.which("apt-get") is None and (absent := missing_packages()):
        missing.append(f"the programs of these Debian packages, and there is no apt-get to install them: {', '.join(absent)}.")
    if shutil.which("go") is None:
        missing.append("Go 1.26.8 or later on PATH: the cluster's programs are built from Go modules.")
    missing += _disk(CACHE, DISK_FOR_RUNNING if images_built else DISK_FOR_BUILDING) + _disk(STATE, DISK_FOR_RUNNING)
    if len(str(STATE)) > _LONGEST_STATE_PATH:
        missing.append(f"a shorter path than {STATE}: at most {_LONGEST_STATE_PATH} characters, for the kubelet's sockets.")
    if missing:
        raise Stop("this machine lacks:\n" + "\n".join(f"  - {line}" for line in missing) + "\n" + _INSTEAD)
    go_version()


def missing_packages() -> list[str]:
    """Names of the Debian packages that are not installed."""
    return [name for name, file in PACKAGES.items() if not Path(file).exists()]


def install_packages(progress: Progress) -> None:
    """apt-get install what is missing, saying so first."""
    if not (missing := missing_packages()):
        return
    with progress.step(f"installing Debian packages {', '.join(missing)}"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
            result = subprocess.run(
                ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", *command],
                env=environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            if result.returncode != 0:
                raise Stop(f"apt-get {' '.join(command)} failed:\n{result.stderr.strip()}")


def _disk(path: Path, needed: int) -> list[str]:
    existing = next(parent for parent in (path, *path.parents) if os.access(parent, os.F_OK))
    free = shutil.disk_usage(existing).free / 2**30
    if free >= needed:
        return []
    return [f"disk: {needed} GiB free for {path}, there are {free:.0f} (DEV_CACHE=... puts programs and images elsewhere)."]
