"""What a stream tells whoever speaks its protocol. Times are seconds from the start of the stream."""

from dataclasses import dataclass, field

from transcription_runner.errors import FileError
from transcription_runner.serve.live.agreement import LiveWord


@dataclass
class LiveSegment:
    """A stretch of speech up to a pause, or to the end of a sentence where none comes. `words` are certain."""

    number: int
    """Counted from 0 in a stream; a correction has the number of what it corrects."""
    start: float
    end: float
    words: list[LiveWord] = field(default_factory=list)
    language: str = ""
    """Its code; empty while nothing was understood."""


@dataclass(frozen=True)
class SpeechStarted:
    """Somebody began to speak."""

    segment: LiveSegment


@dataclass(frozen=True)
class Committed:
    """More words of a segment, which never change; and what was heard beyond them, which may."""

    segment: LiveSegment
    words: list[LiveWord]
    tentative: list[LiveWord]


@dataclass(frozen=True)
class Ended:
    """A segment is whole; its last words become certain with its end."""

    segment: LiveSegment
    words: list[LiveWord]
    paused: bool
    """Whether speech paused there; else it goes on in the next segment."""
    asked: bool = False
    """Whether the client asked for the end."""


@dataclass(frozen=True)
class Corrected:
    """The whole recording was listened to once more: these are the words of that segment."""

    segment: LiveSegment


@dataclass(frozen=True)
class Misheard:
    """A look at a segment failed; the stream goes on."""

    segment: LiveSegment
    fault: FileError


Happening = SpeechStarted | Committed | Ended | Corrected | Misheard
