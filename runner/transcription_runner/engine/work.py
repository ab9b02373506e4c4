"""What goes into the engine and what comes out: a sound with what is asked of it; a transcript, or the reason for none."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from transcription_api.runner_config import Recipe
from transcription_api.transcript import Segment, SourceObject, Transcript
from transcription_runner.errors import FileError

SoundSource = Path | str | bytes | NDArray[np.float32]
"""A media file by its path, a media file's content, or samples: float32, -1 to 1, at 16 kHz, shape (n,) or (channels, n)."""


class Lane(IntEnum):
    """Who goes first. Whoever goes behind keeps a share of the device, however much goes before."""

    LIVE = 0
    """Somebody is still speaking."""
    INTERACTIVE = 1
    """Somebody waits."""
    BULK = 2
    """Nobody waits."""


@dataclass(frozen=True, eq=False)
class Work:
    """A sound to transcribe, and how."""

    sound: SoundSource
    recipe: Recipe = field(default_factory=Recipe)
    source: SourceObject | None = None
    """What the transcript is to say of its origin; left out, the path, or nothing."""
    tag: Any = None
    """The caller's own; it comes back untouched."""
    lane: Lane = Lane.BULK
    client: Hashable = None
    """Whose it is: clients take turns, however many works each of them has."""
    is_speech: bool = False
    """The sound is one stretch of speech, cut by who submits it: up to 30 s are recognised as they are, more are searched."""


@dataclass(frozen=True)
class Result:
    """What became of a work: either `transcript` or `fault`. `busy_seconds`: its share of all stages' time."""

    work: Work
    transcript: Transcript | None = None
    fault: FileError | None = None
    busy_seconds: float = 0.0


@dataclass(frozen=True)
class Piece:
    """A chunk of a work as soon as it is recognised and placed, seconds from the start of the sound."""

    start: float
    end: float
    segments: list[Segment] = field(default_factory=list)
    index: int = 0
    """Which one it is of the work's chunks, in order of time, from 0 on: pieces come in the order in which they are done."""
    language: str = ""
    """The code of the language that it was recognised in."""


class Watch(Protocol):
    """Is told how far a work is; called from the engine's threads, so it must be quick."""

    def opened(self, work: Work, seconds: float) -> None:
        """A work's length became known; 0 for one that cannot be read."""

    def heard(self, work: Work, seconds: float) -> None:
        """So much of a work is recognised."""

    def piece(self, work: Work, piece: Piece) -> None:
        """A chunk is done; chunks come in the order in which they are done."""
