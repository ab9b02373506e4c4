"""Sound that says what it is, and an engine that understands it: each word is half a second of one level, silence is zero.

The engine hears a word that is cut off as another one, as a recogniser does. Stands in for models in tests of streams.
"""

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any
from wave import open as open_wave

import numpy as np
from numpy.typing import NDArray

from transcription_api.transcript import (
    AlignmentReport,
    DetectedLanguage,
    Segment,
    SourceObject,
    Transcript,
    TranscriptionRecord,
    Word,
)
from transcription_runner.engine.audio import SAMPLE_RATE
from transcription_runner.engine.work import Work
from transcription_runner.serve.live.turns import FRAME_SECONDS, Edge, Turns, TurnTaking

WORD_SECONDS = 0.5
SENTENCE = 7
"""Every so many words end a sentence."""


def word(level: int) -> str:
    """What a level says."""
    return f"w{level}." if level % SENTENCE == 0 else f"w{level}"


def spoken(*levels: int) -> NDArray[np.int16]:
    """Words one after the other; 0 is half a second of silence."""
    return np.repeat(np.array(levels, np.int16), int(WORD_SECONDS * SAMPLE_RATE))


class Loudness:
    """A listener for whom everything but zero is speech."""

    def __init__(self, taking: TurnTaking) -> None:
        self._turns = Turns(taking)
        self._left = np.zeros(0, np.int16)

    def heard(self, samples: NDArray[np.int16]) -> list[Edge]:
        frame = round(FRAME_SECONDS * SAMPLE_RATE)
        sound = np.concatenate([self._left, samples])
        whole = len(sound) // frame * frame
        self._left = sound[whole:]
        return list(self._turns.edges((sound[:whole].reshape(-1, frame) != 0).any(axis=1).astype(float)))


class Understanding:
    """Stands for the engine. `fails`: asked before each look, it may raise."""

    def __init__(self, fails: Callable[[], None] = lambda: None) -> None:
        self._fails = fails
        self.looks: list[float] = []
        """Seconds of each sound that was looked at."""
        self.languages: list[str | None] = []
        self.misheard_whole: dict[int, str] = {}
        """Levels that are understood otherwise in a whole recording."""

    def submit(self, work: Work, watch: Any = None) -> "Future[Transcript]":
        future: Future[Transcript] = Future()
        try:
            self._fails()
            future.set_result(self._transcript(work))
        except Exception as error:
            future.set_exception(error)
        return future

    def prepare(self, recipe: Any) -> None:
        return

    def check(self) -> None:
        return

    def _transcript(self, work: Work) -> Transcript:
        whole = isinstance(work.sound, Path)
        sound = _of_file(work.sound) if isinstance(work.sound, Path) else np.round(np.asarray(work.sound) * 32768).astype(int)
        self.looks.append(len(sound) / SAMPLE_RATE)
        self.languages.append(work.recipe.language)
        words = [
            Word(word=self.misheard_whole.get(level, text) if whole else text, start=start, end=end, score=0.9)
            for level, start, end, text in _heard(sound)
        ]
        segments = [Segment(start=0.0, end=len(sound) / SAMPLE_RATE, text=" ".join(one.word for one in words), words=words)]
        record = TranscriptionRecord(
            source=SourceObject(key=""),
            duration_seconds=len(sound) / SAMPLE_RATE,
            language=DetectedLanguage(code="en"),
            model="m",
            task="transcribe",
            alignment=AlignmentReport(status="aligned"),
        )
        return Transcript(
            language=work.recipe.language or "en", segments=segments if words else [], word_segments=words, transcription=record
        )


def _of_file(path: Path) -> NDArray[np.int64]:
    with path.open("rb") as file, open_wave(file) as wave:
        return np.frombuffer(wave.readframes(wave.getnframes()), "<i2").astype(np.int64)


def _heard(sound: NDArray[Any]) -> list[tuple[int, float, float, str]]:
    edges = [0, *(np.flatnonzero(np.diff(sound)) + 1).tolist(), len(sound)]
    found = []
    for first, last in itertools.pairwise(edges):
        level = int(sound[first]) if len(sound) else 0
        if level and last - first > 0.1 * SAMPLE_RATE:
            cut_off = last - first < 0.8 * WORD_SECONDS * SAMPLE_RATE
            found.append((level, first / SAMPLE_RATE, last / SAMPLE_RATE, f"cut{level}" if cut_off else word(level)))
    return found


def texts(words: Sequence[Any]) -> list[str]:
    """Of live words."""
    return [one.text for one in words]
