"""How far the runner is from its ceiling, the recogniser's own matrix work: CPU seconds of each stage alone, on the same sounds.

python -m benchmarks.runner.ceiling --output FILE

Stages that run alone cost less than beside each other, so the sum is what a perfect overlap would take, times the cores.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any, TypeVar

from transcription_api.runner_config import Recipe, ResolvedModel
from transcription_api.speech import ComputeType, Format, Subtitles
from transcription_runner.engine.engine import Silent
from transcription_runner.engine.flow import CHUNKS_ALIGNED_AT_ONCE, FILES_SEARCHED_AT_ONCE
from transcription_runner.engine.gate import Gate
from transcription_runner.engine.in_flight import Answer, InFlight
from transcription_runner.engine.recognition.asked import window_frames
from transcription_runner.engine.recognition.features import features_storage, log_mel
from transcription_runner.engine.recognition.recognise import Heard, Recogniser, Window
from transcription_runner.engine.stages import Stages
from transcription_runner.engine.transcript import Part
from transcription_runner.engine.work import Work
from transcription_runner.formats.documents import documents
from transcription_runner.surroundings import available_threads, prepare_surroundings

from .corpus import Recording, recordings
from .sides import Setting, environment
from .speed import SETS

Item = TypeVar("Item")


class Meter:
    """CPU seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str, clock: str = "process_time") -> Iterator[None]:
        """Count what happens inside; the decoder is a child process with one thread, which only the wall clock sees."""
        now = getattr(time, clock)
        began = now()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now() - began


def through(stages: Stages, files: list[Recording], recipe: Recipe, size: int) -> dict[str, float]:
    """CPU seconds of each stage over these files; `matrix work`, the encoder and the beam search, is a part of `recognise`."""
    meter = Meter()
    asked, gate = stages.asked(recipe), Gate(len(files), float("inf"), Event())
    flying = [InFlight(Work(file.path, recipe), asked, None, gate, Silent(), _unheard) for file in files]
    with meter("decode", "monotonic"):
        for file in flying:
            file.sound = stages.decode(file.work)
    with meter("find speech"):
        for some in _batches(flying, FILES_SEARCHED_AT_ONCE):
            for file, chunks in zip(some, stages.find_speech(some), strict=True):
                file.cut(chunks)
    heard: list[tuple[InFlight, Part, Heard]] = []
    for batch in batches_of(((file, part) for file in flying for part in file.parts), size):
        with meter("recognise"):
            answers = stages.recognise(batch)
        heard += [(file, part, answer) for (file, part), answer in zip(batch, answers, strict=True)]
        _matrix_work(stages.recogniser, [file.window(part) for file, part in batch], answers, meter)
    with meter("align"):
        for some_heard in _batches(heard, CHUNKS_ALIGNED_AT_ONCE):
            for (file, _, _), placed in zip(some_heard, stages.align(some_heard), strict=True):
                file.complete([placed])
    with meter("write"):
        for file in flying:
            documents(file.transcript(stages.model), list(Format), Subtitles())
    return meter.seconds


def batches_of(parts: Iterable[tuple[InFlight, Part]], size: int) -> list[list[tuple[InFlight, Part]]]:
    """Batches as the flow makes them: of one window, and of like length."""

    def frames(part: tuple[InFlight, Part]) -> int:
        return part[0].window_frames(part[1])

    ordered = sorted(parts, key=lambda part: part[1].chunk.end - part[1].chunk.start)
    return [batch for _, some in groupby(ordered, frames) for batch in _batches(list(some), size)]


def _matrix_work(recogniser: Recogniser, windows: list[Window], answers: list[Heard], meter: Meter) -> None:
    """The encoder and the beam search of a batch once more, its features made before the clock starts."""
    import torch

    frames = max(window_frames(window.seconds) for window in windows)
    features = torch.stack([log_mel(window.samples, recogniser._mels, "cpu", frames) for window in windows])
    with meter("matrix work"):
        encoded = recogniser._model.encode(features_storage(features))
        recogniser._decoded(windows, encoded, [answer.language for answer in answers], 0.0)


def _unheard(answer: Answer) -> None:
    """What becomes of a file is seen here anyway."""


def _batches(items: list[Item], size: int) -> list[list[Item]]:
    return [items[first : first + size] for first in range(0, len(items), size)]


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU seconds of each stage beside the recogniser's matrix work")
    parser.add_argument("--output", type=Path, required=True, help="JSON file to write")
    output: Path = parser.parse_args().output
    os.environ.update(environment())
    setting = Setting()
    if setting.device != "cpu":
        parser.error("CPU seconds say nothing of a GPU")
    prepare_surroundings()
    model = ResolvedModel(name=setting.model, compute_type=ComputeType(setting.compute_type), batch_size=setting.batch_size)
    recipe = Recipe.model_validate(
        {"decoding": {"beam_size": setting.beam_size}, "alignment": {"model": setting.align_model}, "language": "en"}
    )
    detail: dict[str, Any] = {}
    with TemporaryDirectory() as scratch:
        stages = Stages(model, setting.device, Path(scratch), longest_seconds=3600.0, threads=available_threads())
        through(stages, recordings("short", 4), recipe, setting.batch_size)  # compiles, and fills caches
        for name in ("short", "long"):
            seconds = through(stages, SETS[name](), recipe, setting.batch_size)
            whole = sum(seconds.values()) - seconds["matrix work"]
            rows = {stage: round(spent, 2) for stage, spent in seconds.items()}
            detail[name] = {"cpu_seconds": rows, "matrix_share": round(seconds["matrix work"] / whole, 3)}
        stages.decoder.close()
    output.write_text(json.dumps({"detail": detail}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
