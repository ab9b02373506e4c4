"""The messages of Deepgram's live API: what a client may ask for in the address and say on the way, and what it is told. Pure."""

from collections.abc import Iterable
from statistics import fmean
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from transcription_api.languages import LANGUAGE_CODES
from transcription_api.runner_config import Recipe
from transcription_api.speech import Format, Subtitles
from transcription_api.transcript import (
    AlignmentReport,
    DetectedLanguage,
    Segment,
    SourceObject,
    Transcript,
    TranscriptionRecord,
    Word,
)
from transcription_runner.engine.decoding.streaming import Law
from transcription_runner.formats.documents import documents
from transcription_runner.serve.live.agreement import LiveWord
from transcription_runner.serve.live.happenings import (
    Committed,
    Corrected,
    Ended,
    Happening,
    LiveSegment,
    Misheard,
    SpeechStarted,
)
from transcription_runner.serve.live.segments import text_of
from transcription_runner.serve.live.stream import Asked
from transcription_runner.serve.live.turns import TurnTaking
from transcription_runner.serve.openai_fields import Spoken
from transcription_runner.serve.refusals import Refusal, invalid, refusal_of

Event = dict[str, Any]
LAWS = {"linear16": Law.LINEAR, "mulaw": Law.MU, "alaw": Law.A}
MOST_KEYTERMS = 1000
"""Characters of all together."""


def _plain_language(given: str) -> str | None:
    """The language of a tag such as es-419; `multi` means that it is to be heard."""
    return None if given == "multi" else given.partition("-")[0].lower()


def _together(terms: list[str]) -> list[str]:
    if len(" ".join(terms)) > MOST_KEYTERMS:
        raise ValueError(f"at most {MOST_KEYTERMS} characters together")
    return terms


class Parameters(BaseModel):
    """What stands in the address. What cannot be honoured is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str | None = None
    language: Annotated[Spoken | None, BeforeValidator(_plain_language)] = None
    encoding: Literal["linear16", "mulaw", "alaw"] | None = None
    """Left out: a file's format, such as WebM or Ogg, which is looked for in the first bytes."""
    sample_rate: Annotated[int, Field(ge=8000, le=48_000)] | None = None
    channels: Annotated[int, Field(ge=1, le=2)] = 1
    """Two are mixed."""
    interim_results: bool = False
    endpointing: Annotated[Literal["true", "false"] | Annotated[int, Field(ge=200, le=10_000)], BeforeValidator(str.lower)] = (
        "true"
    )
    """The milliseconds of a pause that ends a segment; false: it ends where the client says Finalize."""
    vad_events: bool = False
    punctuate: Annotated[Literal["true"], BeforeValidator(str.lower)] = "true"
    smart_format: Annotated[Literal["true"], BeforeValidator(str.lower)] = "true"
    keyterm: Annotated[list[str], AfterValidator(_together)] = []
    corrections: bool = False
    """Whether the whole is listened to once more at the end, and what was misheard is told."""
    format: Literal["json", "vtt"] = "json"
    """vtt: instead of messages, WebVTT: its header, then each segment's cues once it is whole."""

    def asked(self) -> Asked:
        """The same in our words."""
        hotwords = " ".join(self.keyterm).strip() or None
        recipe = Recipe.model_validate({"language": self.language, "decoding": {"hotwords": hotwords}})
        if self.endpointing == "false":
            return Asked(recipe, None)
        return Asked(recipe, TurnTaking() if self.endpointing == "true" else TurnTaking(silence=int(self.endpointing) / 1000))


ALLOWED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(Parameters.model_fields, ()),
    "language": LANGUAGE_CODES,
    "encoding": tuple(LAWS),
    "punctuate": ("true",),
    "smart_format": ("true",),
    "format": ("json", "vtt"),
}


def parameters_of(given: Iterable[tuple[str, str]]) -> Parameters:
    """The parameters of an address, in order. Raises Refusal."""
    found: dict[str, Any] = {}
    for name, value in given:
        if name == "keyterm":
            found.setdefault(name, []).append(value)
        elif name in found:
            raise Refusal(422, "InvalidParameter", f"{name[:50]} stands in the address more than once", name[:50])
        else:
            found[name] = value
    try:
        parameters = Parameters.model_validate(found)
    except ValidationError as error:
        raise invalid([{**fault, "loc": fault["loc"][:1]} for fault in error.errors()], ALLOWED) from None
    if (parameters.encoding is None) != (parameters.sample_rate is None):
        missing = "encoding" if parameters.encoding is None else "sample_rate"
        raise Refusal(422, "InvalidParameter", "encoding and sample_rate go together; a file's format needs neither", missing)
    return parameters


class Told:
    """The messages of one stream, in order."""

    def __init__(self, request_id: str, model: str, parameters: Parameters) -> None:
        self._request_id, self._model, self._parameters = request_id, model, parameters
        self._told_until = 0.0

    def messages(self, happening: Happening) -> list[Event]:
        """What a happening is called here."""
        match happening:
            case SpeechStarted(segment):
                started = {"type": "SpeechStarted", "channel": [0, 1], "timestamp": segment.start}
                return [started] if self._parameters.vad_events else []
            case Committed(segment, words, tentative):
                told = [self._final(segment, words, words[-1].end)] if words else []
                if tentative and self._parameters.interim_results:
                    told.append(self._results(segment, tentative, tentative[-1].end, is_final=False))
                return told
            case Ended(segment, words, paused, asked):
                return [self._final(segment, words, segment.end, speech_final=paused, from_finalize=asked)]
            case Corrected(segment):
                return [self._corrected(segment)]
            case Misheard(_, fault):
                return [error_of(refusal_of(fault))]

    def metadata(self, seconds: float) -> Event:
        """The last message."""
        model = {self._model: {"name": self._model, "version": "", "arch": "whisper"}}
        return {
            "type": "Metadata",
            "transaction_key": "deprecated",
            "request_id": self._request_id,
            "sha256": "",
            "created": "",
            "duration": round(seconds, 3),
            "channels": 1,
            "models": [self._model],
            "model_info": model,
        }

    def _final(self, segment: LiveSegment, words: list[LiveWord], end: float, **more: bool) -> Event:
        told = self._results(segment, words, end, is_final=True, **more)
        self._told_until = max(self._told_until, end)
        return told

    def _results(self, segment: LiveSegment, words: list[LiveWord], end: float, **more: bool) -> Event:
        start = max(self._told_until, segment.start)
        return {
            "type": "Results",
            "channel_index": [0, 1],
            "start": round(start, 3),
            "duration": round(max(0.0, end - start), 3),
            "speech_final": False,
            "from_finalize": False,
            **more,
            "channel": {"alternatives": [_alternative(segment, words)]},
            "metadata": {
                "request_id": self._request_id,
                "model_uuid": self._model,
                "model_info": {"name": self._model, "version": "", "arch": "whisper"},
            },
            "segment": segment.number,
        }

    def _corrected(self, segment: LiveSegment) -> Event:
        return {
            "type": "Correction",
            "segment": segment.number,
            "start": round(segment.start, 3),
            "duration": round(segment.end - segment.start, 3),
            "channel": {"alternatives": [_alternative(segment, segment.words)]},
        }


def error_of(refusal: Refusal) -> Event:
    """Something that is not carried out; the stream goes on."""
    return {"type": "Error", "variant": refusal.code, "description": refusal.message}


def cues_of(segment: LiveSegment) -> str:
    """The segment as WebVTT, without the header; empty for one without words."""
    if not segment.words:
        return ""
    words = [Word(word=word.text, start=word.start, end=word.end) for word in segment.words]
    whole = Segment(
        start=segment.words[0].start,
        end=max(segment.words[0].start + 0.001, segment.words[-1].end),
        text=text_of(segment.words, segment.language),
        words=words,
    )
    record = TranscriptionRecord(
        source=SourceObject(key=""),
        duration_seconds=segment.end,
        language=DetectedLanguage(code=segment.language),
        model="",
        task="transcribe",
        alignment=AlignmentReport(status="aligned"),
    )
    transcript = Transcript(language=segment.language, segments=[whole], word_segments=words, transcription=record)
    return documents(transcript, [Format.VTT], Subtitles())[Format.VTT].decode().removeprefix(VTT_HEADER)


VTT_HEADER = "WEBVTT\n\n"


def _alternative(segment: LiveSegment, words: list[LiveWord]) -> Event:
    return {
        "transcript": text_of(words, segment.language),
        "confidence": round(fmean(word.probability for word in words), 4) if words else 0.0,
        "words": [
            {
                "word": word.sound,
                "punctuated_word": word.text,
                "start": round(word.start, 3),
                "end": round(word.end, 3),
                "confidence": round(word.probability, 4),
            }
            for word in words
        ],
    }
