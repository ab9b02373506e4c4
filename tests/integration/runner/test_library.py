"""The engine as a library: what the README shows runs as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

from tests.integration.runner.sound import said, wav

ROOT = Path(__file__).parents[3]


def test_the_lines_of_the_readme_transcribe_a_file(tmp_path: Path, models: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    (tmp_path / "call.wav").write_bytes(wav(said("please confirm the order number seven four two")))
    program = example.replace('"large-v2"', repr(str(models / "asr-small")))
    assert program != example
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={
            "PATH": "/usr/bin:/bin",
            "HF_HUB_OFFLINE": "1",
            "NLTK_DATA": str(models / "nltk_data"),
            "PYTHONPATH": ":".join(sys.path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "order number" in ran.stdout


def test_importing_the_package_changes_nothing_of_the_process() -> None:
    program = """
import logging, os, signal, warnings
import numpy, pydantic # these add warning filters of their own
before = dict(os.environ), list(warnings.filters), logging.root.handlers[:], signal.getsignal(signal.SIGTERM)
from transcription_runner import Engine, Work, transcribe
after = dict(os.environ), list(warnings.filters), logging.root.handlers[:], signal.getsignal(signal.SIGTERM)
assert before == after
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
