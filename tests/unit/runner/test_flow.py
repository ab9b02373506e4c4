"""Many files through all stages at once, without a model: what shares a batch, whose a fault is, what is in flight."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from transcription_api.runner_config import Recipe
from transcription_api.transcript import DetectedLanguage, Segment, SourceObject
from transcription_runner.engine.align import Aligned
from transcription_runner.engine.audio import SAMPLE_RATE, Audio
from transcription_runner.engine.batch_size import BatchSize
from transcription_runner.engine.diarize import Turn
from transcription_runner.engine.flow import Flow
from transcription_runner.engine.in_flight import InFlight
from transcription_runner.engine.recognise import Heard
from transcription_runner.engine.transcript import Piece
from transcription_runner.engine.vad import Chunk
from transcription_runner.engine.work import Outcome, Work
from transcription_runner.errors import ConfigurationError, FileError

CHUNK = 10.0

Fault = Callable[[list[str]], None]


class Workers:
    """How many threads a stage has."""

    children = 1
    workers = 2


class Scripted:
    """Stages over files whose name says all: `7x3` is the file 7 with three chunks of speech, which say `7.0 7.1 7.2`."""

    def __init__(self, batch: int = 4, diarizer: bool = False, **faults: Fault) -> None:
        settings = {"model": {"name": "m", "compute_type": "int8", "batch_size": batch}, "diarization": {"enabled": diarizer}}
        self.recipe = Recipe.model_validate(settings)
        self.decoder = self.recogniser = Workers()
        self.diarizer = object() if diarizer else None
        self.batch_size = BatchSize(batch)
        self.batches: list[list[str]] = []
        self.decoded: list[str] = []
        self._faults = faults

    def in_flight(self, work: Work, audio: Audio, busy_seconds: float) -> InFlight:
        return InFlight(work, audio, None, None if self.diarizer else (), busy_seconds=busy_seconds)

    def decode(self, path: Path) -> Audio:
        self._fault("decode", [path.name])
        self.decoded.append(path.name)
        return Audio(np.zeros(int((1 + chunks_of(path.name) * CHUNK) * SAMPLE_RATE), np.int16))

    def find_speech(self, files: Sequence[InFlight]) -> list[list[Chunk]]:
        self._fault("find_speech", [file.work.path.name for file in files])
        return [[Chunk(n * CHUNK, (n + 1) * CHUNK) for n in range(chunks_of(file.work.path.name))] for file in files]

    def recognise(self, parts: Sequence[tuple[InFlight, Chunk]]) -> list[Heard]:
        said = [f"{file.work.path.name.split('x')[0]}.{int(chunk.start / CHUNK)}" for file, chunk in parts]
        self.batches.append(said)
        self._fault("recognise", said)
        time.sleep(0.002)
        return [
            Heard(text, DetectedLanguage(code=file.language or "es", probability=None if file.language else 0.9), -0.1, 0.0)
            for text, (file, _) in zip(said, parts, strict=True)
        ]

    def align(self, recognised: Sequence[tuple[InFlight, Chunk, Heard]]) -> list[Piece]:
        self._fault("align", [heard.text for _, _, heard in recognised])
        return [
            Piece(chunk, heard, Aligned([Segment(start=chunk.start, end=chunk.end, text=heard.text)], "aligned", "a", None))
            for _, chunk, heard in recognised
        ]

    def diarize(self, files: Sequence[InFlight]) -> list[list[Turn]]:
        self._fault("diarize", [file.work.path.name for file in files])
        return [[Turn(0.0, file.audio.seconds, "X")] for file in files]

    def _fault(self, stage: str, items: list[str]) -> None:
        if stage in self._faults:
            self._faults[stage](items)


class Watching:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.heard_of: dict[str, float] = {}

    def opened(self, work: Work, seconds: float) -> None:
        self.seconds[work.path.name] = seconds

    def heard(self, work: Work, seconds: float) -> None:
        self.heard_of[work.path.name] = seconds


def chunks_of(name: str) -> int:
    return int(name.split("x")[1])


def works(*names: str) -> Iterator[Work]:
    return (Work(Path(name), SourceObject(key=name), tag=name) for name in names)


def outcomes(stages: Scripted, *names: str, watch: Any = None) -> dict[str, Outcome]:
    found = list(Flow(stages, works(*names), watch or Watching()).outcomes())  # type: ignore[arg-type]
    assert Counter(outcome.work.tag for outcome in found) == Counter(names), "each file has one outcome"
    return {outcome.work.tag: outcome for outcome in found}


def text(outcome: Outcome) -> str:
    assert outcome.transcript is not None, outcome.fault
    return " ".join(segment.text for segment in outcome.transcript.segments)


def reasons(found: dict[str, Outcome]) -> dict[str, str | None]:
    return {name: outcome.fault.reason if outcome.fault else None for name, outcome in found.items()}


def failing(*bad: str, error: Exception | None = None) -> Fault:
    def fault(items: list[str]) -> None:
        if set(items) & set(bad):
            raise error or ZeroDivisionError("inside some library")

    return fault


def test_every_file_gets_its_own_text_in_order_whatever_shared_its_batches() -> None:
    names = [f"{number}x{number % 5}" for number in range(60)]
    for name, outcome in outcomes(Scripted(), *names).items():
        number, count = name.split("x")
        assert text(outcome) == " ".join(f"{number}.{index}" for index in range(int(count)))


def test_short_files_share_batches() -> None:
    stages = Scripted(batch=8)
    outcomes(stages, *[f"{number}x1" for number in range(64)])
    assert len(stages.batches) < 40
    assert all(len(batch) <= 8 for batch in stages.batches)


def test_one_chunk_tells_the_language_before_the_others_are_recognised() -> None:
    stages = Scripted()
    found = outcomes(stages, "7x6")
    assert stages.batches[0] == ["7.0"]
    transcript = found["7x6"].transcript
    assert transcript is not None
    assert (transcript.language, transcript.transcription.language.probability) == ("es", 0.9)


def test_silence_is_done_without_the_recogniser() -> None:
    stages = Scripted()
    found = outcomes(stages, "1x0")
    assert stages.batches == []
    assert found["1x0"].transcript is not None
    assert found["1x0"].transcript.language == "und"


def test_nothing_at_all_ends_at_once() -> None:
    assert outcomes(Scripted()) == {}


@pytest.mark.parametrize("stage", ["decode", "find_speech", "recognise", "align", "diarize"])
def test_what_breaks_one_file_stops_no_other(stage: str) -> None:
    bad = "5.1" if stage in ("recognise", "align") else "5x3"
    names = [f"{number}x3" for number in range(12)]
    found = outcomes(Scripted(diarizer=True, **{stage: failing(bad)}), *names)
    assert reasons(found) == {name: "InternalError" if name == "5x3" else None for name in names}
    assert all(text(outcome).count(".") == 3 for name, outcome in found.items() if name != "5x3")


def test_a_file_that_cannot_be_decoded_says_why() -> None:
    found = outcomes(Scripted(decode=failing("2x1", error=FileError("DamagedAudio", "cut off"))), "1x1", "2x1", "3x1")
    assert reasons(found) == {"1x1": None, "2x1": "DamagedAudio", "3x1": None}


def test_memory_that_runs_out_halves_the_batches_and_loses_nothing() -> None:
    def hungry(items: list[str]) -> None:
        if len(items) > 2:
            raise RuntimeError("CUDA failed with error out of memory")

    stages = Scripted(batch=8, recognise=hungry)
    found = outcomes(stages, *[f"{number}x2" for number in range(20)])
    assert set(reasons(found).values()) == {None}
    # 8, 4, 2; but a batch taken before the pool was full may fail with 6, and then it is 3, 1.
    assert stages.batch_size.current in (1, 2)
    assert all(len(batch) <= 2 for batch in stages.batches[-3:])


def test_a_file_too_big_for_the_memory_fails_alone() -> None:
    found = outcomes(Scripted(recognise=failing("1.0", error=MemoryError())), "1x1", "2x1")
    assert reasons(found) == {"1x1": "OutOfMemory", "2x1": None}


@pytest.mark.parametrize(
    "error", [RuntimeError("CUDA error: an illegal memory access was encountered"), ConfigurationError("ModelNotFound", "gone")]
)
def test_what_concerns_all_files_ends_the_call(error: Exception) -> None:
    with pytest.raises(type(error)):
        outcomes(Scripted(recognise=failing("3.0", error=error)), *[f"{number}x1" for number in range(9)])


def test_a_source_that_breaks_off_ends_the_call() -> None:
    def broken() -> Iterator[Work]:
        yield from works("1x1")
        raise ConnectionError("the store is gone")

    with pytest.raises(ConnectionError):
        list(Flow(Scripted(), broken(), Watching()).outcomes())  # type: ignore[arg-type]


def test_files_are_taken_a_few_batches_ahead_and_not_all_at_once() -> None:
    stages = Scripted(batch=2, recognise=lambda _: time.sleep(0.005))
    ahead: list[int] = []
    flow = Flow(stages, works(*[f"{number}x1" for number in range(80)]), Watching())  # type: ignore[arg-type]
    for done, _ in enumerate(flow.outcomes(), start=1):
        ahead.append(len(stages.decoded) - done)
    assert max(ahead) <= 3 * 2 + 3, "three batches of two, and what waits to be taken as an outcome"


def test_a_long_recording_is_alone_with_what_came_before_it() -> None:
    stages = Scripted(batch=2, recognise=lambda _: time.sleep(0.001))
    flow = Flow(stages, works("1x60", *[f"{number}x1" for number in range(2, 30)]), Watching())  # type: ignore[arg-type]
    next(flow.outcomes())
    assert len(stages.decoded) < 10


def test_closing_the_outcomes_ends_every_thread() -> None:
    before = threading.active_count()
    found = Flow(Scripted(), works(*[f"{number}x1" for number in range(500)]), Watching()).outcomes()  # type: ignore[arg-type]
    next(found)
    found.close()  # type: ignore[attr-defined]
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert threading.active_count() <= before


def test_speakers_are_awaited_and_named() -> None:
    found = outcomes(Scripted(diarizer=True, diarize=lambda _: time.sleep(0.05)), "1x2")
    transcript = found["1x2"].transcript
    assert transcript is not None
    assert {segment.speaker for segment in transcript.segments} == {"SPEAKER_00"}


def test_progress_reaches_the_length_of_each_file() -> None:
    watch = Watching()
    outcomes(Scripted(), "1x3", "2x1", watch=watch)
    assert watch.seconds == {"1x3": 31.0, "2x1": 11.0}
    assert watch.heard_of == {"1x3": 31.0, "2x1": 11.0}
