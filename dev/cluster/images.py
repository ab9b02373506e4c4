"""Building the images with BuildKit, straight into the node's containerd: nothing is pushed or pulled.

An image whose inputs (its Dockerfile and everything that it copies) have not changed is left alone. Otherwise BuildKit reuses
each layer up to the first that changed: a change of code takes a second.
"""

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dev.cluster.places import (
    BIN,
    CACHE,
    CONTAINERD_SOCKET,
    LOGS,
    OPERATOR_IMAGE,
    PAUSE_IMAGE,
    REPOSITORY,
    RUN,
    RUNNER_IMAGE,
    STATE,
    TOOLS,
)
from dev.cluster.progress import Progress, Stop

_SUITE = "bookworm"
_PACKAGES = "ca-certificates,python3,python3-venv"
_ROOTFS = CACHE / "base" / "rootfs.tar"
# What every RUN sees of this machine: the certificates that it trusts, and its uv cache, so that wheels are fetched once for the
# host and for both images.
_CERTIFICATES = Path("/etc/ssl/certs")
_UV_CACHE = Path(os.environ.get("UV_CACHE_DIR") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "uv")


@dataclass(frozen=True)
class Image:
    """`name` is what pods ask for; `dockerfile` copies the `inputs` from the folder `context`."""

    name: str
    dockerfile: Path
    context: Path
    inputs: tuple[str, ...]

    @property
    def title(self) -> str:
        """The name without registry and tag."""
        return self.name.rpartition("/")[2].partition(":")[0]

    def fingerprint(self) -> str:
        """A hash of everything that the image is made from."""
        digest = hashlib.sha256(self.name.encode())
        files = [self.dockerfile]
        for part in self.inputs:
            path = self.context / part
            files += sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                content = file.read_bytes()
                digest.update(f"{os.path.relpath(file, self.context)} {len(content)}\n".encode() + content)
        return digest.hexdigest()


PAUSE = Image(PAUSE_IMAGE, TOOLS / "pause" / "Dockerfile", STATE / "pause", ("pause",))
BASE = Image("localhost/debian-python:3.11", TOOLS / "base" / "Dockerfile", _ROOTFS.parent, ())
OPERATOR = Image(
    OPERATOR_IMAGE,
    REPOSITORY / "Dockerfile.operator",
    REPOSITORY,
    ("requirements/operator.txt", "crds/transcription_api", "operator/transcription_operator"),
)
RUNNER = Image(
    RUNNER_IMAGE,
    REPOSITORY / "Dockerfile.runner",
    REPOSITORY,
    ("requirements/runner.txt", "models", "crds/transcription_api", "runner/transcription_runner"),
)


def prepare_base(progress: Progress) -> None:
    """Unpack the local stand-in for python:3.11-slim from Debian's packages, unless that was done."""
    if _ROOTFS.exists():
        return
    with progress.step(f"base image: Debian {_SUITE} with Python"):
        folder = CACHE / f"rootfs-{os.getpid()}"
        _run("base", "debootstrap", "--variant=minbase", f"--include={_PACKAGES}", _SUITE, folder)
        _ROOTFS.parent.mkdir(parents=True, exist_ok=True)
        unfinished = _ROOTFS.with_suffix(".unfinished")
        leave_out = (f"--exclude=./{path}/*" for path in ("var/cache/apt", "var/lib/apt/lists", "var/log", "proc", "sys"))
        _run("base", "tar", "-C", folder, *leave_out, "-cf", unfinished, ".")
        shutil.rmtree(folder)
        unfinished.rename(_ROOTFS)


def add_page_library() -> None:
    """Give the service's page its waveform, where there is npm to fetch it; without, the page plays sound on a plain bar."""
    if shutil.which("npm"):
        _run("page", "bash", REPOSITORY / "dev" / "page.sh")


def build(image: Image, progress: Progress) -> None:
    """Build `image` on the node, unless it is there with its present inputs. The builder's output goes to `.dev/logs`."""
    if not stale(image) and image.name in node_images():
        return
    fingerprint = image.fingerprint()
    _UV_CACHE.mkdir(parents=True, exist_ok=True)
    with progress.step(f"image {image.title}"):
        _run(
            image.title, BIN / "build-image",
            "-containerd", CONTAINERD_SOCKET, "-runc", BIN / "runc", "-runc-root", RUN / "runc", "-root", CACHE / "buildkit",
            "-bind", f"{_CERTIFICATES}:{_CERTIFICATES}", "-bind", f"{_UV_CACHE}:/var/cache/uv", "-build-arg", f"BASE={BASE.name}",
            "-dockerfile", image.dockerfile, "-context", image.context, "-tag", image.name,
        )  # fmt: skip
    _marker(image).parent.mkdir(parents=True, exist_ok=True)
    _marker(image).write_text(fingerprint)


def build_pause(progress: Progress) -> None:
    """Build the image that holds a pod's namespaces, from the pause program."""
    PAUSE.context.mkdir(parents=True, exist_ok=True)
    shutil.copy2(BIN / "pause", PAUSE.context / "pause")
    build(PAUSE, progress)


def stale(image: Image) -> bool:
    """Whether the image was not built from its inputs as they are now."""
    marker = _marker(image)
    return not marker.exists() or marker.read_text() != image.fingerprint()


def built_before(image: Image) -> bool:
    """Whether the image was ever built here, so that only what has changed since takes room."""
    return os.path.exists(_marker(image))  # noqa: PTH110 (false, too, where one may not look)


def count_steps() -> int:
    """How many steps the images will take as things are now."""
    return (not _ROOTFS.exists()) + sum(stale(image) for image in (PAUSE, BASE, OPERATOR, RUNNER))


def node_images() -> set[str]:
    """Names of the images that containerd has."""
    listed = subprocess.run([*ctr(), "images", "list", "--quiet"], capture_output=True, text=True, check=True)
    return set(listed.stdout.split())


def ctr() -> list[str]:
    """The beginning of a command line that asks the node's containerd about what Kubernetes has there."""
    return [str(BIN / "ctr"), "--address", str(CONTAINERD_SOCKET), "--namespace", "k8s.io"]


def _marker(image: Image) -> Path:
    return CACHE / "images" / image.title


def _run(log_name: str, *command: str | Path) -> None:
    """Run a command with its output in the log of that image. Raises Stop with the last lines when it fails."""
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"image-{log_name}.log"
    words = [str(word) for word in command]
    with path.open("ab") as log:
        log.write(f"$ {' '.join(words)}\n".encode())
        log.flush()
        status = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
    if status != 0:
        tail = "\n".join(path.read_text(errors="replace").splitlines()[-15:])
        raise Stop(f"{Path(words[0]).name} failed:\n{tail}\nAll of it: {path}")
