"""The W3C's WebVTT validator (npm `webvtt-parser`), run over many files at once."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TypedDict

import pytest

HERE = Path(__file__).parent


class Verdict(TypedDict):
    """Of one file: what is wrong, and what each cue says: its highlighted word, or else all of its text."""

    faults: list[str]
    said: list[str]


def install() -> None:
    """The validator at its locked version, below `node_modules/`, which git ignores. Installed once for a lock."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            pytest.fail(f"{program} is missing: the W3C's WebVTT validator needs Node.js 18 or later with npm")
    installed, lock = HERE / "node_modules/.package-lock.json", HERE / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime > lock.stat().st_mtime:
        return
    done = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE, capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode:
        pytest.fail(f"`npm ci` in {HERE} failed: {done.stderr.strip()}")
    os.utime(installed)


def verdicts(folder: Path) -> dict[str, Verdict]:
    """File name -> verdict, for every `.vtt` in the folder."""
    script = HERE / "vtt_faults.js"
    done = subprocess.run(["node", str(script), str(folder)], capture_output=True, text=True, timeout=300, check=True)
    answer: dict[str, Verdict] = json.loads(done.stdout)
    return answer
