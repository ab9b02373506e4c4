"""What judges the page comes from npm, at locked versions, below `node_modules/`, which git ignores; once for a lock."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "runner/transcription_runner/serve/page"
AXE = HERE / "node_modules/axe-core/axe.min.js"


def install() -> None:
    """axe-core and TypeScript for the tests, and wavesurfer.js for the page itself."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            pytest.fail(f"{program} is missing: the page's tests need Node.js 20 or later with npm")
    ran("bash", str(HERE.parents[1] / "dev/page.sh"))
    installed, lock = HERE / "node_modules/.package-lock.json", HERE / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime <= lock.stat().st_mtime:
        ran("npm", "ci", "--no-audit", "--no-fund")
        os.utime(installed)


def ran(*command: str) -> str:
    """What a command in this folder says. A failure fails the test with it."""
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        pytest.fail(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
