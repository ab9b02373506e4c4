"""`transcription-runner` as a user types it: help, versions, local files, and errors in plain words."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.runner.sound import encoded, said, wav


def runner(*arguments: str | Path, folder: Path | None = None, **surroundings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "transcription_runner", *map(str, arguments)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", **surroundings}
    return subprocess.run(command, capture_output=True, text=True, timeout=240, env=environment, cwd=folder, check=False)


def test_help_names_the_commands() -> None:
    shown = runner("--help")
    assert shown.returncode == 0
    assert all(part in shown.stdout for part in ("run", "transcribe", "WhisperX"))


@pytest.mark.parametrize("command", ["run", "transcribe", "serve", "check", "evaluate", "models"])
def test_every_command_explains_itself(command: str) -> None:
    shown = runner(command, "--help")
    assert shown.returncode == 0
    assert len(shown.stdout.splitlines()) > 4


def test_the_version_is_told() -> None:
    assert runner("--version").stdout.startswith("transcription-runner ")


def test_local_files_and_folders_are_transcribed_and_a_bad_one_is_listed(tmp_path: Path, models: Path) -> None:
    sound, out = tmp_path / "sound", tmp_path / "out"
    (sound / "deep").mkdir(parents=True)
    (sound / "a.wav").write_bytes(wav(said("the account is ready")))
    (sound / "deep" / "b.MP3").write_bytes(encoded(said("thank you"), ".mp3"))
    (sound / "bad.wav").write_bytes(b"no sound")
    (sound / "notes.txt").write_text("left alone")
    options = ["--model", "asr-small", "--device", "cpu", "--formats", "json,srt"]
    done = runner("transcribe", sound, "--output", out, *options, TRANSCRIPTION_MODEL_PATH=str(models))
    assert done.returncode == 1, done.stderr
    assert "2 of 3 files" in done.stdout
    assert "bad.wav: UnsupportedFormat" in done.stderr
    written = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert written == [".transcribed.jsonl", "a.wav.json", "a.wav.srt", "deep/b.MP3.json", "deep/b.MP3.srt"]
    assert json.loads((out / "a.wav.json").read_text())["language"] == "en"


def test_a_rerun_does_what_is_new_changed_or_asked_for_otherwise(tmp_path: Path, models: Path) -> None:
    sound, out = tmp_path / "sound", tmp_path / "out"
    sound.mkdir()
    for name in ("a.wav", "b.wav"):
        (sound / name).write_bytes(wav(said("thank you")))
    command: list[str | Path] = [
        "transcribe",
        sound,
        "--output",
        out,
        "--model",
        "asr-small",
        "--model-dir",
        models,
        "--device",
        "cpu",
    ]
    assert "2 of 2 files" in runner(*command).stdout
    first = (out / "a.wav.json").stat().st_mtime_ns
    assert "0 of 2 files transcribed to" in (again := runner(*command).stdout)
    assert "2 skipped" in again
    (sound / "b.wav").write_bytes(wav(said("the account is ready")))
    (sound / "c.wav").write_bytes(wav(said("yes")))
    assert "2 of 3 files" in runner(*command).stdout
    assert "account" in (out / "b.wav.txt").read_text()
    assert (out / "a.wav.json").stat().st_mtime_ns == first
    assert "3 of 3 files" in runner(*command, "--beam-size", "1").stdout
    assert "3 of 3 files" in runner(*command, "--beam-size", "1", "--overwrite").stdout
    assert (out / "a.wav.json").stat().st_mtime_ns > first


@pytest.mark.parametrize(
    ("arguments", "code", "said_so"),
    [
        (["missing.wav", "--output", "out"], 2, "missing.wav does not exist"),
        ([".", "--output", "out"], 2, "no audio or video files found"),
        (["a.wav", "--output", "out", "--formats", "docx"], 2, "docx"),
        (["a.wav", "--output", "out", "--vad-onset", "2"], 2, "--vad-onset"),
        (["a.wav", "--output", "a.wav"], 2, "cannot write to the folder a.wav"),
        (["a.wav", "--output", "out", "--model-dir", "nowhere"], 2, "--model-dir nowhere does not exist"),
        (["a.wav", "--output", "out", "--model", "./nowhere"], 2, "the model folder ./nowhere does not exist"),
        (["a.wav", "--output", "out", "--device", "cuda"], 78, "--device is cuda, but no CUDA device is seen here"),
        (["a.wav", "--output", "out", "--compute-type", "float16"], 78, "--compute-type float16 does not work on this cpu"),
        (["a.wav", "--output", "out", "--language", "klingon"], 2, "klingon"),
        (["a.wav", "--output", "out", "--model", "/no/such/folder"], 2, "the model folder /no/such/folder does not exist"),
        (["a.wav", "--output", "out", "--model", "no-such-model"], 78, "ModelNotFound"),
    ],
)
def test_wrong_arguments_are_told_in_plain_words(tmp_path: Path, arguments: list[str], code: int, said_so: str) -> None:
    if arguments[0] == "a.wav":
        (tmp_path / "a.wav").write_bytes(wav(said("yes")))
    done = runner("transcribe", "--device", "cpu", *arguments, folder=tmp_path)
    assert done.returncode == code, done.stderr
    assert said_so in done.stderr
    assert "Traceback" not in done.stderr
