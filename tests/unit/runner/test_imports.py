"""What the command line and the orchestration may import: help and wrong configurations must not wait for torch."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "whisperx", "ctranslate2", "faster_whisper", "transformers", "kubernetes", "pandas")


@pytest.mark.parametrize(
    "module",
    [
        "transcription_runner.cli",
        "transcription_runner.batch.run",
        "transcription_runner.check.command",
        "transcription_runner.local.transcribe",
        "transcription_runner.serve.serve",
    ],
)
def test_heavy_libraries_are_imported_only_when_needed(module: str) -> None:
    program = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
