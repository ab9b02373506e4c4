"""`make rules`: the chart's Prometheus rules through promtool, the one on PATH or that of Debian's package.

The package is unpacked into the cache and not installed: nothing of it is started.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from dev.cluster.places import CACHE, REPOSITORY

RULES = REPOSITORY / "deploy" / "helm" / "transcription-operator" / "files" / "rules.yaml"
TESTS = REPOSITORY / "tests" / "rules" / "rules_test.yaml"
UNPACKED = CACHE / "programs" / "prometheus-of-debian"


def promtool() -> str:
    """Where it is; fetched if need be. Exits with a sentence where that cannot be done."""
    if found := shutil.which("promtool"):
        return found
    program = UNPACKED / "usr" / "bin" / "promtool"
    if not program.exists():
        if not shutil.which("apt-get"):
            sys.exit("promtool is not on PATH, and there is no apt-get to fetch Debian's package prometheus: install Prometheus")
        UNPACKED.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=UNPACKED.parent) as folder:
            _unpack(Path(folder))
    return str(program)


def _unpack(folder: Path) -> None:
    fetch = ["apt-get", "-qq", "download", "prometheus"]
    if subprocess.run(fetch, cwd=folder, check=False, capture_output=True).returncode:
        subprocess.run(["apt-get", "-qq", "update"], check=True)
        subprocess.run(fetch, cwd=folder, check=True)
    (package,) = folder.glob("*.deb")
    subprocess.run(["dpkg-deb", "--extract", package, folder / "unpacked"], check=True)
    shutil.rmtree(UNPACKED, ignore_errors=True)
    (folder / "unpacked").rename(UNPACKED)


def main() -> None:
    """Exits with promtool's status if it finds a fault."""
    program = promtool()
    checks: list[list[str | Path]] = [["check", "rules", "--lint=all", "--lint-fatal", RULES], ["test", "rules", TESTS]]
    for arguments in checks:
        if status := subprocess.run([program, *arguments], check=False).returncode:
            sys.exit(status)


if __name__ == "__main__":
    main()
