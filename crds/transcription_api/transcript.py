"""The transcript JSON: whisperX's own fields, unchanged, and ours under the one key `transcription`."""

from typing import Literal

from pydantic import Field

from transcription_api.contract import Contract

TRANSCRIPT_VERSION = "v1alpha1"


class Snake(Contract):
    """Parts that whisperX defines keep whisperX's snake_case names."""

    model_config = {"alias_generator": None}


class Word(Snake):
    """One word. Times are seconds from the start of the audio; a word without them could not be placed."""

    word: str
    start: float | None = None
    end: float | None = None
    score: float | None = None
    """The aligner's mean probability, 0 to 1."""
    speaker: str | None = None
    estimated: bool | None = None
    """True when the times were interpolated, since the aligner has no entry for the characters."""


class Segment(Snake):
    """A stretch of speech, about a sentence."""

    start: float
    end: float
    text: str
    speaker: str | None = None
    avg_logprob: float | None = None
    words: list[Word] = Field(default_factory=list)


class SourceObject(Contract):
    """The audio that was transcribed."""

    bucket: str | None = None
    key: str
    etag: str | None = None


class DetectedLanguage(Contract):
    """The language of the file, and how it is known."""

    code: str
    probability: float | None = None
    """Left out when the language was given, not detected."""


class AlignmentReport(Contract):
    """What alignment came to."""

    status: Literal["aligned", "disabled", "no-model", "failed", "no-speech"]
    """no-model and failed: the text stands with its segments' times."""
    model: str | None = None
    message: str | None = None


class Suspicion(Contract):
    """A stretch whose text may not be what was said."""

    start: float
    end: float
    reasons: list[Literal["repetition", "low-confidence", "no-speech"]]
    """repetition: the text loops; low-confidence: the recogniser doubts it; no-speech: it hears no speech there, either."""
    left_out: str | None = None
    """Text that is kept here alone, since nobody seems to have said it (no-speech)."""


class TranscriptionRecord(Contract):
    """What is ours in the transcript."""

    version: str = TRANSCRIPT_VERSION
    source: SourceObject
    duration_seconds: float
    language: DetectedLanguage
    model: str
    task: str
    alignment: AlignmentReport
    suspected: list[Suspicion] = Field(default_factory=list)
    """Possible hallucinations, in order of time. Whether to trust them is the reader's to judge."""


class Transcript(Snake):
    """One source object's transcript."""

    language: str
    segments: list[Segment] = Field(default_factory=list)
    word_segments: list[Word] = Field(default_factory=list)
    transcription: TranscriptionRecord
