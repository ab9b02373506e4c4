"""Natural speech: the sentences as piper says them. piper lives in an environment of its own, from pinned and hashed packages."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .sentences import SENTENCES

_HERE = Path(__file__).resolve().parent
_LOCK = _HERE.parent / "piper.txt"
_FOLDER = _HERE.parents[1] / "build" / "bench" / "piper"

Said = list[tuple[str, NDArray[np.float32]]]
"""Text and samples at 22,050 Hz."""


@cache
def said() -> Said:
    """All sentences, made if not there. Raises RuntimeError when piper cannot be had, or fails."""
    wanted = json.dumps(SENTENCES)
    program = _HERE / "piper_sentences.py"
    made = _FOLDER / f"said-{hashlib.sha256(_LOCK.read_bytes() + program.read_bytes() + wanted.encode()).hexdigest()[:16]}.npz"
    if not made.exists():
        texts, draft = _FOLDER / "sentences.json", _FOLDER / "draft.npz"
        command = [str(python()), str(program), str(texts), str(draft)]
        texts.write_text(wanted, encoding="utf-8")
        _run(command)
        draft.replace(made)
    with np.load(made) as samples:
        return [(SENTENCES[int(place)], samples[place]) for place in samples.files]


def python() -> Path:
    """The Python that has piper, installed if it is not there. Raises RuntimeError when that fails."""
    lock = _LOCK.read_bytes()
    home, whole = _FOLDER / "venv", _FOLDER / "venv" / ".installed"
    found = home / "bin" / "python"
    if not whole.exists() or whole.read_bytes() != lock:
        shutil.rmtree(home, ignore_errors=True)
        _FOLDER.mkdir(parents=True, exist_ok=True)
        _run([sys.executable, "-m", "venv", str(home)])
        quiet = ["--quiet", "--disable-pip-version-check", "--no-deps"]
        _run([str(found), "-m", "pip", "install", *quiet, "--require-hashes", "-r", str(_LOCK)])
        whole.write_bytes(lock)
    return found


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout.decode(errors='replace')[-1500:]}")
