"""Loads each model, has the clip transcribed through every stage, and measures speed at each batch size."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from threading import Event, Thread
from typing import Any

from transcription_api.runner_config import Recipe
from transcription_api.transcript import Transcript
from transcription_runner.check.clip import compared
from transcription_runner.check.judgement import speed_plan
from transcription_runner.check.machine import memory_in_use
from transcription_runner.check.places import size_on_disk, voice_activity_weights
from transcription_runner.check.report import ModelUse, Speed, Words
from transcription_runner.engine.voices.diarize import DEFAULT_MODEL
from transcription_runner.engine.work import Work
from transcription_runner.errors import ConfigurationError
from transcription_runner.evaluation.clip import SECONDS, sound
from transcription_runner.loading import Placed, engine

LOOK_SECONDS = 0.05
"""How often memory is looked at."""

Tell = Callable[[str], None]


@dataclass
class Measured:
    """What is known so far: a check that breaks off still shows it."""

    models: list[ModelUse] = field(default_factory=list)
    words: Words | None = None
    speeds: list[Speed] = field(default_factory=list)
    seconds_of_one: float = 0.0
    """How long the clip took, with word times and without speakers, everything loaded."""


def measure_models(what: Placed, align_model: str | None, diarize_model: str | None, into: Measured, tell: Tell) -> None:
    """Load one model after the other, by transcribing the clip with one stage more each time.

    Raises ConfigurationError for a model that is missing, except the usual pipeline for diarization; DeviceError; FileError.
    """
    tell("loading the libraries")
    _libraries(what)
    tell(f"loading {what.model.name}")
    alone = replace(what, model=what.model.model_copy(update={"batch_size": 1}))
    before, began = _in_use(what), time.monotonic()
    with engine(alone) as loaded:
        into.models.append(
            ModelUse(
                "recognition",
                what.model.name,
                size_on_disk(what.model.name, "model.bin"),
                _in_use(what) - before,
                time.monotonic() - began,
            )
        )
        plain: dict[str, Any] = {"alignment": {"enabled": False}}
        tell("voice activity detection and recognition")
        with _growth(what, into, "voice activity", "pyannote, from whisperx", voice_activity_weights):
            transcript = _transcribed(loaded, plain)
        tell("word times")
        with _growth(what, into, "alignment", "", lambda: None):
            aligned: dict[str, Any] = {"alignment": {"model": align_model}}
            transcript = _transcribed(loaded, aligned)
        into.words = compared(transcript)
        into.models[-1] = _aligner(into.models[-1], transcript)
        began = time.monotonic()
        _transcribed(loaded, aligned)
        into.seconds_of_one = time.monotonic() - began
        tell("speakers")
        name = diarize_model or DEFAULT_MODEL
        import_module("pyannote.audio")  # nothing else needs it, and what it takes is not the pipeline's
        try:
            with _growth(what, into, "diarization", name, lambda: size_on_disk(name, "config.yaml")):
                into.words = compared(_transcribed(loaded, {**aligned, "diarization": {"enabled": True, "model": diarize_model}}))
        except ConfigurationError as error:
            if diarize_model:
                raise
            into.models.append(ModelUse("diarization", name, absent=error.message))


def measure_speed(what: Placed, align_model: str | None, into: Measured, tell: Tell) -> None:
    """Transcribe the clip many times over at each batch size, until memory holds no larger one. Raises as `measure_models`."""
    recipe = Recipe.model_validate({"alignment": {"model": align_model}})
    for size, copies in speed_plan(what.device, into.seconds_of_one, what.model.batch_size):
        tell(f"speed with batches of {size}")
        with engine(replace(what, model=what.model.model_copy(update={"batch_size": size}))) as loaded:
            list(loaded.transcribe([Work(sound(), recipe)]))  # what is loaded late is loaded now
            earlier = dict(loaded.stage_seconds)
            began = time.monotonic()
            with _peak(what) as most:
                for result in loaded.transcribe(Work(sound(), recipe, tag=number) for number in range(copies)):
                    if result.fault:
                        raise result.fault
            wall = time.monotonic() - began
            busy = {stage: round(seconds - earlier.get(stage, 0.0), 3) for stage, seconds in loaded.stage_seconds.items()}
            fitted = loaded.batch_size >= size
            worked = {stage: seconds for stage, seconds in busy.items() if seconds > 0}
            into.speeds.append(Speed(size, copies * SECONDS, round(wall, 3), worked, most[0], fitted))
        if not fitted:
            return


def _libraries(what: Placed) -> None:
    """Import them, and open the device: what they take is not the models'."""
    for name in ("torch", "ctranslate2", "faster_whisper", "whisperx", "whisperx.alignment"):
        import_module(name)
    if what.device == "cuda":
        import torch

        torch.zeros(1, device=f"cuda:{what.device_index}")


def _transcribed(loaded: Any, fields: dict[str, Any]) -> Transcript:
    """The clip's transcript. Raises FileError."""
    (result,) = loaded.transcribe([Work(sound(), Recipe.model_validate(fields))])
    if result.fault:
        raise result.fault
    transcript: Transcript = result.transcript
    return transcript


@contextmanager
def _growth(what: Placed, into: Measured, part: str, name: str, disk: Callable[[], int | None]) -> Iterator[None]:
    """Adds a model that is loaded in the block, with the memory that is in use more after it."""
    before, began = _in_use(what), time.monotonic()
    yield
    seconds, more = time.monotonic() - began, max(0, _in_use(what) - before)
    into.models.append(ModelUse(part, name, disk(), more, round(seconds, 3)))


def _aligner(use: ModelUse, transcript: Transcript) -> ModelUse:
    """The model that word times came from."""
    report = transcript.transcription.alignment
    if report.method != "ctc" or not report.model:
        why = report.message or "word times come from the recogniser's cross-attention"
        return ModelUse("alignment", report.method or "none", absent=why)
    return replace(use, name=report.model, disk_bytes=size_on_disk(report.model, "config.json"))


@contextmanager
def _peak(what: Placed) -> Iterator[list[int]]:
    """The most memory in use during the block, as the list's one item."""
    most, over = [_in_use(what)], Event()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            most[0] = max(most[0], _in_use(what))

    looking = Thread(target=look, name="memory", daemon=True)
    looking.start()
    try:
        yield most
    finally:
        over.set()
        looking.join()


def _in_use(what: Placed) -> int:
    return memory_in_use(what.device, what.device_index)
