"""The transcript JSON: whisperX's own fields, unchanged, and ours under the one key `transcription`."""

from typing import Literal

from pydantic import Field

from transcription_api.contract import Record

TRANSCRIPT_VERSION = "v1alpha1"


class Snake(Record):
    """Parts that whisperX defines keep whisperX's snake_case names."""

    model_config = {"alias_generator": None}


class Word(Snake):
    """One word. Times are seconds from the start of the audio; a word without them could not be placed."""

    word: str
    start: float | None = None
    end: float | None = None
    score: float | None = None
    """The mean probability, 0 to 1, by the aligner or by the recogniser's attention."""
    speaker: str | None = None
    estimated: bool | None = None
    """True when the times were interpolated, since the aligner has no entry for the characters."""


class Character(Snake):
    """One character of a segment. Times are seconds; a space, or what the aligner does not know, has none."""

    char: str
    start: float | None = None
    end: float | None = None
    score: float | None = None


class Segment(Snake):
    """A stretch of speech, about a sentence."""

    start: float
    end: float
    text: str
    speaker: str | None = None
    avg_logprob: float | None = None
    language: str | None = None
    """Its own language, where a file is recognised chunk by chunk (languageDetection.perChunk)."""
    words: list[Word] = Field(default_factory=list)
    chars: list[Character] | None = None
    """Characters with times, where asked for (alignment.characters)."""


class SourceObject(Record):
    """The audio that was transcribed."""

    bucket: str | None = None
    key: str
    etag: str | None = None


class DetectedLanguage(Record):
    """The language of the file, and how it is known."""

    code: str
    probability: float | None = None
    """Left out when the language was given, not detected."""


class AlignmentReport(Record):
    """What alignment came to."""

    status: Literal["aligned", "disabled", "no-model", "failed", "no-speech"]
    """no-model and failed: the text stands with its segments' times."""
    method: Literal["ctc", "attention"] | None = None
    """Where the word times come from; ctc where a file has words of both."""
    model: str | None = None
    """The CTC aligner."""
    estimated_share: float | None = None
    """The share of words whose times are interpolated, 0 to 1."""
    message: str | None = None


class Suspicion(Record):
    """A stretch whose text may not be what was said."""

    start: float
    end: float
    reasons: list[Literal["repetition", "low-confidence", "no-speech", "low-alignment"]]
    """repetition: the text loops; low-confidence: the recogniser doubts it; no-speech: it hears no speech there, either;
    low-alignment: the aligner finds hardly any of its characters in the sound."""
    left_out: str | None = None
    """Text that is kept here alone, since nobody seems to have said it (no-speech)."""


class Stretch(Record):
    """A part of the audio, seconds."""

    start: float
    end: float


class AudioRecord(Record):
    """Which sound of the file was transcribed."""

    channels: Literal["mix", "split"] = "mix"
    channel_names: list[str] = Field(default_factory=list)
    """Of split channels, in order; they are the speakers."""
    track: int = 0
    """The audio track that was used, from 0 on."""
    tracks: int = 1
    """How many audio tracks the file has."""


class TranscriptionRecord(Record):
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
    uncovered: list[Stretch] = Field(default_factory=list)
    """Where voices are heard and no word is written, in order of time."""
    audio: AudioRecord = AudioRecord()


class Transcript(Snake):
    """One source object's transcript."""

    language: str
    segments: list[Segment] = Field(default_factory=list)
    word_segments: list[Word] = Field(default_factory=list)
    speaker_embeddings: dict[str, list[float]] | None = None
    """A vector for each speaker's voice, where asked for (diarization.embeddings)."""
    transcription: TranscriptionRecord
