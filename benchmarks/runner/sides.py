"""The two commands that are compared, given the same files and the same settings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from .corpus import Recording
from .process import CommandFailedError, Usage, watched

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "models"
WORK = ROOT / "build" / "bench" / "runs"
FORMATS = ("json", "tsv", "txt", "vtt", "srt")

Side = Literal["ours", "stock"]
Words = Literal["ctc", "attention", "none"]
"""Where the times of words come from."""
SIDES: tuple[Side, Side] = ("ours", "stock")


@dataclass(frozen=True)
class Setting:
    """What both sides are told. Paths or names of models; `stock_threads` is stock's alone: ours finds its own number."""

    model: str = str(MODELS / "asr-small")
    align_model: str = str(MODELS / "align-small")
    device: str = "cpu"
    compute_type: str = "int8"
    batch_size: int = 8
    beam_size: int = 5
    stock_threads: int = len(os.sched_getaffinity(0))
    words: Words = "ctc"
    """ctc: by `align_model`; attention: by the recogniser itself, which only ours can; none: no times of words."""
    only_ours: tuple[str, ...] = ()
    """More options, which stock has not."""


@dataclass(frozen=True)
class Run:
    """One command over some files, ended well, with all its outputs in `outputs`."""

    side: Side
    usage: Usage
    outputs: Path
    stage_seconds: dict[str, float] | None = None
    """Seconds that each stage was busy, where the command tells (ours, --timings)."""


def environment() -> dict[str, str]:
    """No hub, no downloads, this checkout's models; the same for both sides."""
    return os.environ | {
        "HF_HUB_OFFLINE": "1",
        "TRANSCRIPTION_MODEL_PATH": str(MODELS),
        "NLTK_DATA": str(MODELS / "nltk_data"),
        "PYTHONUNBUFFERED": "1",
    }


def command(side: Side, files: Sequence[Path], outputs: Path, setting: Setting, language: str | None) -> list[str]:
    """The command line of one side, writing all five formats into `outputs`. Raises ValueError for what stock cannot do."""
    if side == "stock" and (setting.words == "attention" or setting.only_ours):
        raise ValueError("stock whisperx has no word times by attention, nor our options")
    program = Path(sys.executable).with_name("transcription-runner" if side == "ours" else "whisperx")
    paths = [str(file) for file in files]
    if side == "ours":
        own = ["transcribe", *paths, "--output", str(outputs), "--formats", ",".join(FORMATS), *setting.only_ours]
    else:
        own = [*paths, "--output_dir", str(outputs), "--output_format", "all", "--threads", str(setting.stock_threads)]
    shared = {
        "model": setting.model,
        "device": setting.device,
        "compute-type": setting.compute_type,
        "batch-size": str(setting.batch_size),
        "beam-size": str(setting.beam_size),
        "vad-method": "pyannote",
    } | ({"language": language} if language else {})
    shared |= {"align-model": setting.align_model} if setting.words == "ctc" else {}
    shared |= {"align-method": "attention"} if setting.words == "attention" else {}
    joint = "-" if side == "ours" else "_"
    options = [part for name, value in shared.items() for part in (f"--{name.replace('-', joint)}", value)]
    return [str(program), *own, *options, *([f"--no{joint}align"] if setting.words == "none" else [])]


def output(side: Side, outputs: Path, recording: Recording, form: str) -> Path:
    """Where a side writes: ours keeps the suffix of the audio, stock drops it."""
    stem = recording.path.name if side == "ours" else recording.path.stem
    return outputs / f"{stem}.{form}"


@cache
def _tells_timings() -> bool:
    program = Path(sys.executable).with_name("transcription-runner")
    return "--timings" in subprocess.run([program, "transcribe", "--help"], capture_output=True, text=True, check=True).stdout


def run(side: Side, files: Sequence[Recording], setting: Setting, language: str | None = "en", every: float = 0.25) -> Run:
    """Run one side over `files`, from an empty output folder, sampling its memory `every` so many seconds.

    Raises CommandFailedError when it fails, or when one of its outputs is missing: half a run has no speed.
    """
    outputs, timings = WORK / side, WORK / f"{side}-timings.json"
    shutil.rmtree(outputs, ignore_errors=True)
    outputs.mkdir(parents=True)
    timings.unlink(missing_ok=True)
    line = command(side, [file.path for file in files], outputs, setting, language)
    if side == "ours" and _tells_timings():
        line += ["--timings", str(timings)]
    usage = watched(line, environment(), WORK / f"{side}.log", every)
    missing = [path for file in files for form in FORMATS if not (path := output(side, outputs, file, form)).exists()]
    if missing:
        raise CommandFailedError(f"{side} ended well, but did not write {len(missing)} files, such as {missing[0]}")
    return Run(side, usage, outputs, json.loads(timings.read_text(encoding="utf-8")) if timings.exists() else None)
