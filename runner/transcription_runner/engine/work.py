"""What goes into the engine and what comes out of it: a local file with its origin, and a transcript or the reason for none."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from transcription_api.transcript import SourceObject, Transcript
from transcription_runner.errors import FileError


@dataclass(frozen=True)
class Work:
    """A local file to transcribe. `tag` is the caller's own and comes back untouched."""

    path: Path
    source: SourceObject
    tag: Any = None


@dataclass(frozen=True)
class Outcome:
    """What became of a file: either `transcript` or `fault`. `busy_seconds`: its share of all stages' time."""

    work: Work
    transcript: Transcript | None = None
    fault: FileError | None = None
    busy_seconds: float = 0.0


class Watch(Protocol):
    """Is told how far the files in flight are; called from the engine's threads."""

    def opened(self, work: Work, seconds: float) -> None:
        """A file's length became known; 0 for one that cannot be read."""

    def heard(self, work: Work, seconds: float) -> None:
        """So much of a file is recognised."""
