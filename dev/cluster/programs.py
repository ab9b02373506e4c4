"""Building the cluster's programs from pinned Go modules into the cache.

Each build lies in a folder named after a hash of everything that shapes it (module pins, our sources, flags, Go version), so a
second checkout finds it, and a changed pin makes a new one.
"""

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dev.cluster.places import BIN, CACHE, LOGS, TOOLS
from dev.cluster.progress import Progress, Stop

KUBERNETES = "1.37.2"
_VERSION = "k8s.io/component-base/version"


@dataclass(frozen=True)
class Build:
    """One `go build`: `package` of the module in `dev/tools/<module>`, linked under each of `names`."""

    name: str
    module: str
    package: str
    names: tuple[str, ...]
    cgo: bool = False
    arguments: tuple[str, ...] = ()
    link_flags: str = ""

    @property
    def folder(self) -> Path:
        """Where the program lies in the cache."""
        return CACHE / "programs" / f"{self.name}-{self._hash()}"

    @property
    def built(self) -> bool:
        """Whether it lies there."""
        return (self.folder / self.name).exists()

    def _hash(self) -> str:
        module = TOOLS / self.module
        sources = [module / "go.mod", module / "go.sum", *sorted(module.glob("*/*.go"))]
        digest = hashlib.sha256(f"{self!r} {go_version()}".encode())
        for source in sources:
            digest.update(source.read_bytes())
        return digest.hexdigest()[:16]


NODE = Build("node", ".", "./node", ("build-image", "containerd", "ctr"))
SHIM = Build("containerd-shim-runc-v2", ".", "./shim", ("containerd-shim-runc-v2",))
PAUSE = Build("pause", ".", "./pause", ("pause",))
RUNC = Build("runc", "runc", "github.com/opencontainers/runc", ("runc",), cgo=True, arguments=("-tags=seccomp",))
MINIO = Build("minio", "minio", "github.com/minio/minio", ("minio",))
CLUSTER = Build(
    "cluster",
    ".",
    "./cluster",
    (
        "coredns",
        "etcd",
        "gpus",
        "helm",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-proxy",
        "kube-scheduler",
        "kubectl",
        "kubelet",
    ),
    link_flags=" ".join(
        f"-X {_VERSION}.{name}={value}"
        for name, value in {
            "gitVersion": f"v{KUBERNETES}",
            "gitMajor": KUBERNETES.split(".")[0],
            "gitMinor": KUBERNETES.split(".")[1],
        }.items()
    ),
)
ALL = (NODE, SHIM, PAUSE, RUNC, CLUSTER, MINIO)
KWOK = Build("kwok", "kwok", "sigs.k8s.io/kwok/cmd/kwok", ("kwok",))
"""No part of the cluster: it plays nodes for `make bench-operator`, which builds it on first use."""
KUBECONFORM = Build("kubeconform", "charts", "github.com/yannh/kubeconform/cmd/kubeconform", ("kubeconform",))
KUBE_SCORE = Build("kube-score", "charts", "github.com/zegl/kube-score/cmd/kube-score", ("kube-score",))
"""Nor are these: they judge what the chart renders, for `make charts`, which builds them on first use."""


def go_version() -> str:
    """What `go env GOVERSION` says. Raises Stop when there is no Go."""
    try:
        return subprocess.run(["go", "env", "GOVERSION"], cwd=TOOLS, capture_output=True, text=True, check=True).stdout.strip()
    except FileNotFoundError:
        raise Stop("no `go` on PATH: the cluster's programs are built from Go modules (see dev/README.md).") from None
    except subprocess.CalledProcessError as error:
        raise Stop(f"go does not work here: {error.stderr.strip()}") from None


def build(build: Build, progress: Progress) -> None:
    """Build into the cache unless it is there, and link it into `.dev/bin`. The compiler's output goes to `.dev/logs`."""
    if not build.built:
        _compile(build, progress)
    BIN.mkdir(parents=True, exist_ok=True)
    for name in build.names:
        link = BIN / name
        link.unlink(missing_ok=True)
        link.symlink_to(build.folder / build.name)


def _compile(build: Build, progress: Progress) -> None:
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"build-{build.name}.log"
    unfinished = CACHE / "programs" / f".{build.name}-{os.getpid()}"
    environment = {
        **os.environ,
        "CGO_ENABLED": "1" if build.cgo else "0",
        "GOFLAGS": "-mod=readonly",
        "GOWORK": "off",
        # The compiler and the linker take a third less time when they do not collect garbage; the limit spares small machines.
        "GOGC": "off",
        "GOMEMLIMIT": "3GiB",
    }
    command: list[str | Path] = [
        "go", "build", "-v", "-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false",
        f"-ldflags=-s -w {build.link_flags}".rstrip(), *build.arguments, "-o", unfinished / build.name, build.package,
    ]  # fmt: skip

    def compiled() -> str:
        return f"{len(log.read_bytes().splitlines())} packages compiled"

    title = f"building {', '.join(build.names)}"
    with progress.step(title, compiled), log.open("wb") as output:
        result = subprocess.run(
            command, cwd=TOOLS / build.module, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    if result.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise Stop(f"building {build.name} failed:\n{tail}\nAll of it: {log}")
    unfinished.rename(build.folder)
    _forget_old(build)


def _forget_old(build: Build) -> None:
    """Delete all but the newest three builds of a program: other checkouts may be at other pins."""
    builds = sorted(build.folder.parent.glob(f"{build.name}-*"), key=lambda folder: folder.stat().st_mtime)
    for old in builds[:-3]:
        shutil.rmtree(old)
