"""Building the images with buildah, pushing them to the local registry and pulling them onto the node.

An image whose inputs (its Dockerfile and everything that it copies) have not changed is left alone. Otherwise buildah reuses each
layer up to the first that changed, the registry and containerd take only layers they lack: a change of code moves kilobytes.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dev.house.places import (
    BIN,
    CACHE,
    CONFIG,
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
from dev.house.progress import Progress, Stop

SUITE = "bookworm"
BASE = f"localhost/python:3.11-{SUITE}"
_PACKAGES = "ca-certificates,python3,python3-venv"
_CERTIFICATES = Path("/etc/ssl/certs")


@dataclass(frozen=True)
class Image:
    """`name` is what pods ask for; `context` the folder that `dockerfile` copies `inputs` from."""

    name: str
    dockerfile: Path
    context: Path
    inputs: tuple[str, ...]
    base: str | None = BASE

    @property
    def title(self) -> str:
        """The name without registry and tag."""
        return self.name.rpartition("/")[2].partition(":")[0]

    @property
    def local(self) -> str:
        """Its name in buildah's store."""
        return f"localhost/{self.title}"

    def fingerprint(self) -> str:
        """A hash of everything that the image is made from."""
        digest = hashlib.sha256(f"{self.name} {self.base}".encode())
        files = [self.dockerfile]
        for part in self.inputs:
            path = (self.context / part).resolve()
            files += sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to('/')} {file.stat().st_size}\n".encode())
                digest.update(file.read_bytes())
        return digest.hexdigest()


PAUSE = Image(PAUSE_IMAGE, TOOLS / "pause" / "Dockerfile", STATE / "pause", ("pause",), base=None)
OPERATOR = Image(
    OPERATOR_IMAGE,
    REPOSITORY / "operator" / "Dockerfile",
    REPOSITORY,
    ("requirements/operator.txt", "crds/transcription_api", "operator/transcription_operator"),
)
RUNNER = Image(
    RUNNER_IMAGE,
    REPOSITORY / "runner" / "Dockerfile",
    REPOSITORY,
    ("requirements/runner.txt", "models", "crds/transcription_api", "runner/transcription_runner"),
)


def make_base(progress: Progress) -> None:
    """Make the local stand-in for python:3.11-slim from Debian's packages, unless it is there."""
    if _succeeds("buildah", *_storage(), "images", "--quiet", BASE):
        return
    rootfs = CACHE / f"rootfs-{os.getpid()}"
    with progress.step(f"base image: Debian {SUITE} with Python"):
        _run("base", "debootstrap", "--variant=minbase", f"--include={_PACKAGES}", SUITE, rootfs)
        subprocess.run(f"rm -rf {rootfs}/var/cache/apt/* {rootfs}/var/lib/apt/lists/* {rootfs}/var/log/*", shell=True, check=True)
        recipe = CACHE / "base.Dockerfile"
        recipe.write_text('FROM scratch\nCOPY . /\nCMD ["python3"]\n')
        _run("base", "buildah", *_storage(), "bud", "--tag", BASE, "--file", recipe, rootfs)
        _run("base", "rm", "-rf", rootfs)


def build(image: Image, progress: Progress) -> None:
    """Build `image` into buildah's own store, unless it was built from its present inputs."""
    if _done("built", image):
        return
    fingerprint = image.fingerprint()
    base = [f"--build-arg=BASE={image.base}"] if image.base else []
    with progress.step(f"image {image.title}: build"):
        _run(
            image.title, "buildah", *_storage(), "bud", "--layers", "--pull-never", *base, *_mounts(), "--tag", image.local,
            "--file", image.dockerfile, image.context,
        )  # fmt: skip
    _mark("built", image, fingerprint)


def prepare_pause() -> None:
    """Copy the pause program to where its image takes it from."""
    PAUSE.context.mkdir(parents=True, exist_ok=True)
    shutil.copy2(BIN / "pause", PAUSE.context / "pause")


def push(image: Image, progress: Progress) -> None:
    """Push what `build` made to the registry, which takes only layers that it lacks."""
    if (fingerprint := _marked("built", image)) == _marked("pushed", image):
        return
    with progress.step(f"image {image.title}: push"):
        _run(image.title, "buildah", *_storage(), "push", "--tls-verify=false", "--disable-compression", image.local, image.name)
    _mark("pushed", image, fingerprint)


def pull(image: Image, progress: Progress) -> None:
    """Make the node's containerd have what the registry has under the image's name."""
    if (fingerprint := _marked("pushed", image)) == _marked("pulled", image) and image.name in node_images():
        return
    with progress.step(f"image {image.title}: pull onto the node"):
        _run(image.title, *ctr(), "images", "pull", "--local", "--plain-http", image.name)
    _mark("pulled", image, fingerprint)


def count_steps() -> int:
    """How many steps building, pushing and pulling will take as things are now."""
    steps = 0
    for image in (PAUSE, OPERATOR, RUNNER):
        if not _done("built", image):
            steps += 3
        else:
            steps += (_marked("built", image) != _marked("pushed", image)) + (_marked("built", image) != _marked("pulled", image))
    return steps


def node_images() -> set[str]:
    """Names of the images that containerd has."""
    listed = subprocess.run([*ctr(), "images", "list", "--quiet"], capture_output=True, text=True, check=True)
    return set(listed.stdout.split())


def _done(stage: str, image: Image) -> bool:
    return _marked(stage, image) == image.fingerprint()


def _marked(stage: str, image: Image) -> str:
    """Fingerprint of the inputs that the stage was last done for; empty when it never was."""
    marker = _marker(stage, image)
    return marker.read_text() if marker.exists() else ""


def _mark(stage: str, image: Image, fingerprint: str) -> None:
    marker = _marker(stage, image)
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text(fingerprint)


def _marker(stage: str, image: Image) -> Path:
    return CACHE / "images" / f"{image.title}.{stage}"


def ctr() -> list[str]:
    """The beginning of a command line that asks the node's containerd about what Kubernetes has there."""
    return [str(BIN / "ctr"), "--address", str(CONTAINERD_SOCKET), "--namespace", "k8s.io"]


def _storage() -> list[str]:
    return ["--root", str(CACHE / "buildah"), "--runroot", str(RUN / "buildah"), "--storage-driver", "overlay"]


def _mounts() -> Iterable[str]:
    """This machine's certificates, for package indexes that it alone knows how to trust."""
    return [f"--volume={_CERTIFICATES}:{_CERTIFICATES}:ro"] if _CERTIFICATES.is_dir() else []


def _run(log_name: str, *command: str | Path) -> None:
    """Run a command with its output in the log of that image. Raises Stop with the last lines when it fails."""
    LOGS.mkdir(parents=True, exist_ok=True)
    temporary = CACHE / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"image-{log_name}.log"
    environment = {**os.environ, "BUILDAH_ISOLATION": "chroot", "TMPDIR": str(temporary)}
    with open(path, "ab") as log:
        words = [str(word) for word in command]
        log.write(f"$ {' '.join(words)}\n".encode())
        log.flush()
        status = subprocess.run(words, stdout=log, stderr=subprocess.STDOUT, env=environment, check=False).returncode
    if status != 0:
        tail = "\n".join(path.read_text(errors="replace").splitlines()[-15:])
        raise Stop(f"{Path(words[0]).name} failed:\n{tail}\nAll of it: {path}")


def _succeeds(*command: str | Path) -> bool:
    return subprocess.run([str(word) for word in command], capture_output=True, check=False).returncode == 0
