"""Stages that play a script, and the real engine over them: what tests of the flow need instead of models."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import numpy as np

from transcription_api.runner_config import Recipe
from transcription_api.transcript import DetectedLanguage, Segment, SourceObject
from transcription_runner.engine.audio import SAMPLE_RATE, Audio, Sound
from transcription_runner.engine.batch_size import BatchSize
from transcription_runner.engine.detection.vad import Chunk
from transcription_runner.engine.engine import Engine
from transcription_runner.engine.in_flight import InFlight
from transcription_runner.engine.recognition.asked import Asked
from transcription_runner.engine.recognition.recognise import Heard
from transcription_runner.engine.stages import Stages
from transcription_runner.engine.transcript import Part, Placed
from transcription_runner.engine.voices.diarize import Voices
from transcription_runner.engine.voices.speakers import Turn
from transcription_runner.engine.words.align import Aligned
from transcription_runner.engine.work import Piece, Result, Work

CHUNK = 10.0

Fault = Callable[[list[str]], None]


class Workers:
    """How many threads a stage has."""

    children = 2
    workers = 2

    def close(self) -> None:
        return


class Scripted:
    """Stages over files whose name says all: `7x3` is the file 7 with three chunks of speech, which say `7.0 7.1 7.2`.

    `doubted`: what the recogniser is not sure of at its first look. `spanish`: how probable that language is in each chunk.
    """

    model = "m"

    def __init__(
        self, batch: int = 4, doubted: Sequence[str] = (), spanish: Callable[[str], float] = lambda _: 0.9, **faults: Fault
    ) -> None:
        self.decoder = self.recogniser = Workers()
        self.batch_size = BatchSize(batch)
        self.batches: list[list[str]] = []
        self.second_looks: list[list[str]] = []
        self.decoded: list[str] = []
        self.seconds: dict[str, float] = {}
        self._doubted, self._spanish, self._faults = set(doubted), spanish, faults

    def asked(self, recipe: Recipe) -> Asked:
        return Asked(recipe, recipe.decoding.model_dump_json(), [], False, lambda _: [], lambda _: False)

    def decode(self, work: Work) -> Sound:
        name = str(work.sound)
        self._fault("decode", [name])
        self.decoded.append(name)
        channel = Audio(np.zeros(int((1 + chunks_of(name) * CHUNK) * SAMPLE_RATE), np.int16))
        return Sound((channel,) * (2 if work.recipe.audio.channels == "split" else 1))

    def find_speech(self, files: Sequence[InFlight]) -> list[list[list[Chunk]]]:
        self._fault("find_speech", [str(file.work.sound) for file in files])
        return [
            [[Chunk(n * CHUNK, (n + 1) * CHUNK) for n in range(chunks_of(str(file.work.sound)))] for _ in file.channels]
            for file in files
        ]

    def recognise(self, parts: Sequence[tuple[InFlight, Part]]) -> list[Heard]:
        said = [saying(file, part) for file, part in parts]
        self.batches.append(said)
        self._fault("recognise", said)
        time.sleep(0.002)
        return [self._heard(text, file) for text, (file, _) in zip(said, parts, strict=True)]

    def look_again(self, parts: Sequence[tuple[InFlight, Part, Heard]]) -> list[Heard]:
        said = [saying(file, part) for file, part, _ in parts]
        self.second_looks.append(said)
        self._fault("look_again", said)
        return [Heard(f"{text}!", heard.language, -0.1, 0.0) for text, (_, _, heard) in zip(said, parts, strict=True)]

    def align(self, recognised: Sequence[tuple[InFlight, Part, Heard]]) -> list[Placed]:
        self._fault("align", [heard.text for _, _, heard in recognised])
        return [
            Placed(part, heard, Aligned([Segment(start=part.chunk.start, end=part.chunk.end, text=heard.text)], "aligned"))
            for _, part, heard in recognised
        ]

    def diarize(self, files: Sequence[InFlight]) -> list[Voices]:
        self._fault("diarize", [str(file.work.sound) for file in files])
        return [Voices([Turn(0.0, file.seconds, "X")]) for file in files]

    def _heard(self, text: str, file: InFlight) -> Heard:
        suspicions = ("low-confidence",) if text in self._doubted else ()
        if known := file.recipe.language or (file.language.code if file.language else None):
            return Heard(f"{known}:{text}" if known != "es" else text, DetectedLanguage(code=known), -0.1, 0.0, 0.0, suspicions)
        probability = self._spanish(text)
        code = "es" if probability >= 0.5 else "en"
        language = DetectedLanguage(code=code, probability=max(probability, 1 - probability))
        known_all = {"es": probability, "en": 1 - probability}
        return Heard(text if code == "es" else f"en:{text}", language, -0.1, 0.0, 0.0, suspicions, (), known_all)

    def _fault(self, stage: str, items: list[str]) -> None:
        if stage in self._faults:
            self._faults[stage](items)


class ScriptedEngine(Engine):
    """The real engine over scripted stages."""

    def __init__(self, stages: Scripted) -> None:
        self._hold(cast(Stages, stages))


class Watching:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.heard_of: dict[str, float] = {}
        self.pieces: list[tuple[str, str]] = []

    def opened(self, work: Work, seconds: float) -> None:
        self.seconds[str(work.sound)] = seconds

    def heard(self, work: Work, seconds: float) -> None:
        self.heard_of[str(work.sound)] = seconds

    def piece(self, work: Work, piece: Piece) -> None:
        self.pieces.append((str(work.sound), " ".join(segment.text for segment in piece.segments)))


def chunks_of(name: str) -> int:
    return int(name.split("x")[1])


def saying(file: InFlight, part: Part) -> str:
    return f"{str(file.work.sound).split('x')[0]}.{int(part.chunk.start / CHUNK)}"


def works(*names: str, **recipe: Any) -> Iterator[Work]:
    asked = Recipe.model_validate(recipe)
    return (Work(name, asked, SourceObject(key=name), tag=name) for name in names)


def outcomes(stages: Scripted, *names: str, watch: Any = None, **recipe: Any) -> dict[str, Result]:
    with ScriptedEngine(stages) as engine:
        found = list(engine.transcribe(works(*names, **recipe), watch))
    assert Counter(result.work.tag for result in found) == Counter(names), "each work has one result"
    return {result.work.tag: result for result in found}


def text(outcome: Result) -> str:
    assert outcome.transcript is not None, outcome.fault
    return " ".join(segment.text for segment in outcome.transcript.segments)


def reasons(found: dict[str, Result]) -> dict[str, str | None]:
    return {name: outcome.fault.reason if outcome.fault else None for name, outcome in found.items()}


def failing(*bad: str, error: Exception | None = None) -> Fault:
    def fault(items: list[str]) -> None:
        if set(items) & set(bad):
            raise error or ZeroDivisionError("inside some library")

    return fault
