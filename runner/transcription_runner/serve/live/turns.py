"""When somebody begins and ceases to speak, while the sound comes: silero's network, and the rules over its answers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transcription_runner.engine.audio import SAMPLE_RATE, floats
from transcription_runner.engine.detection.vad_silero import FRAME, SpeechNetwork

FRAME_SECONDS = FRAME / SAMPLE_RATE
HYSTERESIS = 0.15
"""Speech goes on until it is less probable than its onset by this much, as silero's own rules have it."""
VOICED_FRAMES = 2
"""So many in a row begin a turn: one alone is a click."""
LEAST_OFFSET = 0.01
TRAIL_SECONDS = 0.2
"""What a turn keeps after its last voiced frame: final consonants are quiet."""


@dataclass(frozen=True)
class TurnTaking:
    """How turns are told. `onset`: the probability above which there is speech; the others in seconds."""

    onset: float = 0.5
    lead: float = 0.3
    """Sound before the onset that belongs to the turn."""
    silence: float = 0.5
    """A pause of so long ends a turn."""


@dataclass(frozen=True)
class Edge:
    """A turn began, or ended, at this second of the stream."""

    at: float
    begins: bool


class Turns:
    """The rules, frame by frame. Pure."""

    def __init__(self, taking: TurnTaking) -> None:
        self._taking = taking
        self._frames = self._voiced = 0
        self._speaking = False
        self._last_voiced = self._last_end = 0.0

    def edges(self, probabilities: Iterable[float]) -> Iterator[Edge]:
        """What the next frames bring. An edge is told when it is certain, which is later than it lies."""
        taking = self._taking
        for probability in probabilities:
            start = self._frames * FRAME_SECONDS
            self._frames += 1
            if probability >= (max(LEAST_OFFSET, taking.onset - HYSTERESIS) if self._speaking else taking.onset):
                self._voiced, self._last_voiced = self._voiced + 1, start + FRAME_SECONDS
            else:
                self._voiced = 0
            if not self._speaking and self._voiced >= VOICED_FRAMES:
                self._speaking = True
                yield Edge(max(self._last_end, start - (VOICED_FRAMES - 1) * FRAME_SECONDS - taking.lead), begins=True)
            elif self._speaking and start + FRAME_SECONDS - self._last_voiced >= taking.silence:
                self._speaking = False
                self._last_end = self._last_voiced + min(TRAIL_SECONDS, taking.silence)
                yield Edge(self._last_end, begins=False)


class Listener:
    """Turns of a stream's sound as it comes."""

    def __init__(self, taking: TurnTaking) -> None:
        self._turns, self._network = Turns(taking), SpeechNetwork()
        self._left = np.zeros(0, np.int16)

    def heard(self, samples: NDArray[np.int16]) -> list[Edge]:
        """The edges that some more sound brings: int16 at 16 kHz, any number of samples."""
        sound = np.concatenate([self._left, samples])
        whole = len(sound) // FRAME * FRAME
        self._left = sound[whole:]
        return list(self._turns.edges(self._network(floats(sound[:whole])))) if whole else []
