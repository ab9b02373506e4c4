"""A Python with the S3 client for the commands of `dev/` that speak to the store: made once in `.dev/venv`, a few seconds."""

import subprocess
import sys
from pathlib import Path

from dev.install import REPOSITORY

_VENV = REPOSITORY / ".dev" / "venv"
_LOCK = REPOSITORY / "requirements" / "demo.txt"


def client_python() -> Path:
    """The interpreter. Raises CalledProcessError when its packages cannot be had."""
    python = _VENV / "bin" / "python"
    mark = _VENV / "installed"
    if not mark.exists() or mark.read_text() != _LOCK.read_text():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(_VENV)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*pip, "-r", str(_LOCK)], check=True)
        mark.write_text(_LOCK.read_text())
    return python
