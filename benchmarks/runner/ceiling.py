"""How far the runner is from its ceiling, the recogniser's own matrix work: CPU seconds of each stage alone, on the same sounds.

python -m benchmarks.runner.ceiling --output FILE

Stages that run alone cost less than beside each other, so the sum is what a perfect overlap would take, times the cores.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from transcription_api.runner_config import Recipe
from transcription_api.speech import Format, Subtitles
from transcription_api.transcript import SourceObject
from transcription_runner.engine.features import log_mel
from transcription_runner.engine.flow import CHUNKS_ALIGNED_AT_ONCE, FILES_SEARCHED_AT_ONCE
from transcription_runner.engine.stages import Stages
from transcription_runner.engine.work import Work
from transcription_runner.formats.documents import documents
from transcription_runner.surroundings import available_threads, prepare_surroundings

from .corpus import Recording, recordings
from .sides import Setting, environment
from .speed import SETS


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


def through(stages: Stages, files: list[Recording], size: int) -> dict[str, float]:
    """CPU seconds of each stage over these files; `matrix work`, the encoder and the beam search, is a part of `recognise`."""
    import torch
    from faster_whisper.transcribe import get_ctranslate2_storage

    meter = Meter()
    works = [Work(file.path, SourceObject(key=file.path.name)) for file in files]
    with meter("decode", "monotonic"):
        flying = [stages.in_flight(work, stages.decode(work.path), 0.0) for work in works]
    with meter("find speech"):
        for first in range(0, len(flying), FILES_SEARCHED_AT_ONCE):
            some = flying[first : first + FILES_SEARCHED_AT_ONCE]
            for file, chunks in zip(some, stages.find_speech(some), strict=True):
                file.cut(chunks)
    parts = sorted(((file, chunk) for file in flying for chunk in file.chunks), key=lambda part: part[1].end - part[1].start)
    heard = []
    recogniser = stages.recogniser
    for first in range(0, len(parts), size):
        batch = parts[first : first + size]
        with meter("recognise"):
            answers = stages.recognise(batch)
        heard += [(file, chunk, answer) for (file, chunk), answer in zip(batch, answers, strict=True)]
        features = torch.stack([log_mel(file.window(chunk).samples, recogniser._mels, "cpu") for file, chunk in batch])
        with meter("matrix work"):
            encoded = recogniser._model.encode(get_ctranslate2_storage(features))
            languages = [answer.language for answer in answers]
            recogniser._decode(encoded, languages, {"beam_size": stages.recipe.decoding.beam_size})
    with meter("align"):
        for first in range(0, len(heard), CHUNKS_ALIGNED_AT_ONCE):
            some_heard = heard[first : first + CHUNKS_ALIGNED_AT_ONCE]
            for (file, _, _), piece in zip(some_heard, stages.align(some_heard), strict=True):
                file.complete(pieces=[piece])
    with meter("write"):
        for file in flying:
            documents(file.transcript(stages.recipe), list(Format), Subtitles())
    return meter.seconds


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU seconds of each stage beside the recogniser's matrix work")
    parser.add_argument("--output", type=Path, required=True, help="JSON file to write")
    output: Path = parser.parse_args().output
    os.environ.update(environment())
    setting = Setting()
    if setting.device != "cpu":
        parser.error("CPU seconds say nothing of a GPU")
    prepare_surroundings()
    recipe = Recipe.model_validate(
        {
            "model": {"name": setting.model, "compute_type": setting.compute_type, "batch_size": setting.batch_size},
            "decoding": {"beam_size": setting.beam_size},
            "alignment": {"model": setting.align_model},
            "language": "en",
        }
    )
    detail: dict[str, Any] = {}
    with TemporaryDirectory() as scratch:
        stages = Stages(recipe, setting.device, available_threads(), Path(scratch), longest_seconds=3600.0)
        through(stages, recordings("short", 4), setting.batch_size)  # compiles, and fills caches
        for name in ("short", "long"):
            seconds = through(stages, SETS[name](), setting.batch_size)
            whole = sum(seconds.values()) - seconds["matrix work"]
            rows = {stage: round(spent, 2) for stage, spent in seconds.items()}
            detail[name] = {"cpu_seconds": rows, "matrix_share": round(seconds["matrix work"] / whole, 3)}
        stages.decoder.close()
    output.write_text(json.dumps({"detail": detail}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
