"""`transcription-runner check` on a machine without a GPU: a good model passes, a poor one fails, and the page says why."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

WHISPER_BASE = Path(__file__).parents[3] / ".dev/models/whisper-base"


@pytest.fixture
def whisper_base() -> Path:
    """Real Whisper base: the one of `make up`, unless TEST_WHISPER_BASE names another folder."""
    folder = Path(os.environ.get("TEST_WHISPER_BASE", WHISPER_BASE))
    if not (folder / "model.bin").is_file():
        pytest.fail(f"{folder} holds no model: `make up` fetches it")
    return folder


def check(models: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "transcription_runner", "check", "--device", "cpu", *map(str, arguments)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TRANSCRIPTION_MODEL_PATH": str(models)}
    return subprocess.run(command, capture_output=True, text=True, timeout=500, env=environment, check=False)


def test_real_whisper_passes_on_its_page(models: Path, whisper_base: Path) -> None:
    done = check(models, "--model", whisper_base, "--no-speed")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("transcription-runner check: PASSED on cpu")
    assert "it says nothing of a GPU" in done.stdout
    assert "no diarization model is used" in done.stdout


def test_a_model_that_mishears_fails_with_its_figures(models: Path) -> None:
    options = ["--model", "asr-small", "--diarize-model", "diarize-small", "--batch-size", "2", "--json"]
    done = check(models, *options)
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["passed"] is False
    assert any("word error rate" in finding["message"] for finding in report["findings"] if finding["failed"])
    assert [model["part"] for model in report["models"]] == ["recognition", "voice activity", "alignment", "diarization"]
    assert all(model["disk_bytes"] > 1_000_000 and model["memory_bytes"] >= 0 for model in report["models"])
    assert report["words"]["speakers"]
    (speed,) = report["speeds"]
    assert speed["batch_size"] == report["advised_batch_size"] == 2
    assert {"decode", "recognise"} <= set(speed["stage_seconds"])
    assert speed["factor"] > 0
    assert report["machine"]["gpu"] is None
    assert report["machine"]["versions"]["ctranslate2"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--model", "no-such-model"], 78, "ModelNotFound"),
        (["--model", "./no-such-folder"], 2, "./no-such-folder does not exist"),
        (["--device", "cuda"], 78, "--device is cuda, but no CUDA device is seen here"),
        (["--batch-size", "0"], 2, "--batch-size must be 1 to 256"),
    ],
)
def test_what_cannot_be_checked_is_told(models: Path, arguments: list[str], code: int, said: str) -> None:
    done = check(models, *arguments)
    assert done.returncode == code, done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
