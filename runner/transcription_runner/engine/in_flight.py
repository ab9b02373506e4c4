"""A file on its way through the stages: what is known of it, and what is still to come."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from transcription_api.runner_config import Recipe
from transcription_api.transcript import Segment, Transcript
from transcription_runner.engine.audio import Audio
from transcription_runner.engine.diarize import Turn
from transcription_runner.engine.recognise import Window
from transcription_runner.engine.speakers import attribute
from transcription_runner.engine.transcript import Piece, transcript
from transcription_runner.engine.vad import Chunk
from transcription_runner.engine.work import Work

DETECTED_IN = 3
"""The language is heard in the longest of this many chunks from the first speech on."""


@dataclass
class InFlight:
    """One file. The stages call it from their threads; each method is atomic."""

    work: Work
    audio: Audio
    language: str | None
    turns: Sequence[Turn] | None
    """Speakers; None while they are awaited, empty where nobody asked."""
    chunks: list[Chunk] = field(default_factory=list)
    busy_seconds: float = 0.0
    _pieces: dict[Chunk, Piece] = field(default_factory=dict)
    recognised_seconds: float = 0.0
    """Of the whole file, silence in its share."""
    _speech_seconds: float = 0.0
    _over: bool = False
    _lock: Lock = field(default_factory=Lock)

    def cut(self, chunks: list[Chunk]) -> list[Chunk]:
        """Take the chunks of speech; those that can be recognised now: all, or the one that tells the language."""
        self.chunks = chunks
        if self.language or len(chunks) < 2:
            return chunks
        return [self._telling()]

    def window(self, chunk: Chunk) -> Window:
        """The chunk's sound for the recogniser."""
        return Window(self.audio.cut(chunk.start, chunk.end), self.language)

    def is_in(self, language: str) -> list[Chunk]:
        """The language was heard; the chunks that waited for it."""
        with self._lock:
            if self.language is not None:
                return []
            self.language = language
            return [chunk for chunk in self.chunks if chunk is not self._telling()]

    def recognised(self, chunk: Chunk) -> float:
        """Another chunk is recognised; so much more of the whole file that makes, in seconds. Nothing once the file is over."""
        with self._lock:
            if self._over:
                return 0.0
            self._speech_seconds += chunk.end - chunk.start
            share = min(1.0, self._speech_seconds / sum(other.end - other.start for other in self.chunks))
            before, self.recognised_seconds = self.recognised_seconds, share * self.audio.seconds
            return self.recognised_seconds - before

    def busy(self, seconds: float) -> None:
        """A stage worked on it for so long."""
        with self._lock:
            self.busy_seconds += seconds

    def complete(self, pieces: Sequence[Piece] = (), turns: Sequence[Turn] | None = None) -> bool:
        """Keep what a stage found; true once, when nothing is missing any more."""
        with self._lock:
            self._pieces.update((piece.chunk, piece) for piece in pieces)
            if turns is not None:
                self.turns = turns
            if self._over or self.turns is None or len(self._pieces) < len(self.chunks):
                return False
            self._over = True
            return True

    def give_up(self) -> bool:
        """The file has failed; true for the first to say so, unless it was complete before."""
        with self._lock:
            first, self._over = not self._over, True
            return first

    def _telling(self) -> Chunk:
        return max(self.chunks[:DETECTED_IN], key=lambda chunk: chunk.end - chunk.start)

    @property
    def over(self) -> bool:
        """Whether nothing more need be done for it."""
        return self._over

    def transcript(self, recipe: Recipe) -> Transcript:
        """The transcript, once complete."""
        pieces = [self._pieces[chunk] for chunk in self.chunks]
        segments: list[Segment] = [segment for piece in pieces for segment in piece.segments()]
        if recipe.diarization.enabled and self.turns:
            segments = attribute(segments, self.turns)
        return transcript(recipe, self.work.source, self.audio.seconds, pieces, segments)
