"""A work on its way through the stages: what is known of it, and what is still to come."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from transcription_api.runner_config import Recipe
from transcription_api.transcript import AudioRecord, DetectedLanguage, SourceObject, Transcript
from transcription_runner.engine.audio import Audio, Sound
from transcription_runner.engine.detection.vad import Chunk
from transcription_runner.engine.gate import Gate
from transcription_runner.engine.recognition.asked import Asked, window_frames
from transcription_runner.engine.recognition.language import LanguageVote
from transcription_runner.engine.recognition.recognise import Heard, Window
from transcription_runner.engine.transcript import Part, Placed, channel_names, segments_of, transcript
from transcription_runner.engine.voices.diarize import Voices
from transcription_runner.engine.voices.speakers import attribute_with_names
from transcription_runner.engine.work import Lane, Result, Watch, Work

Answer = Result | BaseException
"""What became of a work, or the failure that concerns all works."""
TELLING = 3
"""The language is heard first in the longest of this many parts from the first speech on."""


@dataclass(frozen=True)
class Settled:
    """What follows from an answer: parts that are recognised, and parts that can be recognised now."""

    done: Sequence[tuple[Part, Heard]] = ()
    ready: Sequence[Part] = ()


@dataclass(eq=False)
class InFlight:
    """One work. The stages call it from their threads; each method is atomic."""

    work: Work
    asked: Asked
    request: Any
    """Works of one request take turns with those of others, not with each other."""
    gate: Gate
    watch: Watch
    report: Callable[[Answer], None]
    """Is told once what became of it, unless it is cancelled."""
    inside: bool = False
    """Whether it is through the gate."""
    sound: Sound | None = None
    voices: Voices | None = None
    """Who speaks when; None while that is awaited or not asked for."""
    language: DetectedLanguage | None = None
    """What was heard in the whole file; None while it is not known, and where each part has its own."""
    parts: list[Part] = field(default_factory=list)
    busy_seconds: float = 0.0
    recognised_seconds: float = 0.0
    """Of the whole file, silence in its share."""
    _waiting: dict[Part, Heard | None] = field(default_factory=dict)
    """Parts that wait for the language, with what was recognised in them when they were asked for theirs."""
    _placed: dict[Part, Placed] = field(default_factory=dict)
    _speech_seconds: float = 0.0
    _over: bool = False
    _lock: RLock = field(default_factory=RLock)

    def __post_init__(self) -> None:
        self._vote = LanguageVote(self.recipe.language_detection)

    @property
    def recipe(self) -> Recipe:
        """What is asked."""
        return self.work.recipe

    @property
    def lane(self) -> Lane:
        """Who goes first."""
        return self.work.lane

    @property
    def seconds(self) -> float:
        """Length of the sound, 0 while it is not known."""
        return self.sound.seconds if self.sound else 0.0

    @property
    def channels(self) -> tuple[Audio, ...]:
        """The sound, once decoded."""
        return self.sound.channels if self.sound else ()

    def cut(self, chunks: Sequence[Sequence[Chunk]]) -> Sequence[Part]:
        """Take the chunks of speech of each channel; those to recognise now: all, or the one that tells the language."""
        with self._lock:
            parts = (Part(channel, chunk) for channel, found in enumerate(chunks) for chunk in found)
            self.parts = sorted(parts, key=lambda part: (part.chunk.start, part.channel))
            if self.recipe.language or self.recipe.language_detection.per_chunk or not self.parts:
                return self.parts
            self._waiting = dict.fromkeys(self.parts)
            return [self._next_telling()]

    def window(self, part: Part) -> Window:
        """The part's sound for the recogniser."""
        known = self.recipe.language or (self.language.code if self.language else None)
        return Window(self.channels[part.channel].cut(part.chunk.start, part.chunk.end), known, self.asked)

    def window_frames(self, part: Part) -> int:
        """Frames of 10 ms in the recogniser's window for this part."""
        return window_frames(part.chunk.end - part.chunk.start)

    def settle(self, part: Part, heard: Heard) -> Settled:
        """The part was recognised. Where its language was only heard there, the file's language may be decided by it."""
        with self._lock:
            if part not in self._waiting:
                return Settled(done=[(part, heard)])
            self._vote.add(heard.probabilities or {heard.language.code: 1.0}, part.chunk.end - part.chunk.start)
            self._waiting[part] = heard
            self.language = self._vote.decided(last=None not in self._waiting.values())
            if self.language is None:
                return Settled(ready=[self._next_telling()])
            waiting, self._waiting = self._waiting, {}
            known = [(one, told) for one, told in waiting.items() if told and told.language.code == self.language.code]
            ready = [one for one, told in waiting.items() if not told or told.language.code != self.language.code]
            return Settled(known, ready)

    def recognised(self, part: Part) -> float:
        """Another part has its text; so much more of the whole file that makes, in seconds. Nothing once the file is over."""
        with self._lock:
            if self._over:
                return 0.0
            self._speech_seconds += part.chunk.end - part.chunk.start
            share = min(1.0, self._speech_seconds / sum(one.chunk.end - one.chunk.start for one in self.parts))
            before, self.recognised_seconds = self.recognised_seconds, share * self.seconds
            return self.recognised_seconds - before

    def busy(self, seconds: float) -> None:
        """A stage worked on it for so long."""
        with self._lock:
            self.busy_seconds += seconds

    def complete(self, placed: Iterable[Placed] = (), voices: Voices | None = None) -> bool:
        """Keep what a stage found; true once, when nothing is missing any more."""
        with self._lock:
            self._placed.update((one.part, one) for one in placed)
            self.voices = voices or self.voices
            awaited = self.recipe.diarization.enabled and self.voices is None and bool(self.parts)
            if self._over or awaited or len(self._placed) < len(self.parts):
                return False
            self._over = True
            return True

    def give_up(self) -> bool:
        """The work has failed or is not wanted any more; true for the first to say so, unless it was complete before."""
        with self._lock:
            first, self._over = not self._over, True
            return first

    @property
    def over(self) -> bool:
        """Whether nothing more need be done for it."""
        return self._over

    def transcript(self, model: str) -> Transcript:
        """The transcript, once complete."""
        assert self.sound is not None
        placed = [self._placed[part] for part in self.parts]
        names = self.names()
        segments = segments_of(self.recipe, placed, names)
        speakers: dict[str, list[float]] | None = None
        if self.voices is not None and self.voices.turns:
            segments, called = attribute_with_names(segments, self.voices.turns)
            vectors = self.voices.embeddings
            speakers = {called[label]: vector for label, vector in vectors.items() if label in called} or None
        audio = AudioRecord(
            channels=self.recipe.audio.channels.value, channel_names=names, track=self.sound.track, tracks=self.sound.tracks
        )
        written = transcript(self.recipe, model, _source(self.work), self.seconds, self.language, placed, segments, audio)
        return written.model_copy(update={"speaker_embeddings": speakers}) if speakers else written

    def names(self) -> list[str]:
        """Of split channels, the speakers; empty for mixed sound."""
        return channel_names(self.recipe, len(self.channels)) if self.recipe.audio.channels == "split" else []

    def _next_telling(self) -> Part:
        """The longest of the first parts in which no language was heard yet."""
        unheard = [part for part, heard in self._waiting.items() if heard is None]
        return max(unheard[:TELLING], key=lambda part: part.chunk.end - part.chunk.start)


def _source(work: Work) -> SourceObject:
    if work.source is not None:
        return work.source
    return SourceObject(key="" if isinstance(work.sound, bytes) or hasattr(work.sound, "shape") else str(work.sound))
