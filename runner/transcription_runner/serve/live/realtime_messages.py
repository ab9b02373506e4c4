"""The messages of OpenAI's realtime API for transcription: what a client may say, and what it is told. Pure.

Fields that cannot be honoured are refused, as on all routes; `null` stands for "not asked for" and is no fault.
"""

import uuid
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from transcription_api.runner_config import Recipe
from transcription_runner.engine.decoding.streaming import Law
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
from transcription_runner.serve.openai_answers import between
from transcription_runner.serve.openai_fields import Spoken
from transcription_runner.serve.refusals import LONGEST_NAME, Refusal, refusal_of

Event = dict[str, Any]
TRANSCRIPTION = "conversation.item.input_audio_transcription"


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Format(_Said):
    """How the sound is written: 16 bits, little-endian, or 8 bits of telephony. Mono."""

    type: Literal["audio/pcm", "audio/pcmu", "audio/pcma"] = "audio/pcm"
    rate: Literal[8000, 16000, 24000] | None = None

    @property
    def law(self) -> Law:
        """By the name that decoders have for it."""
        return {"audio/pcm": Law.LINEAR, "audio/pcmu": Law.MU, "audio/pcma": Law.A}[self.type]

    @property
    def samples_a_second(self) -> int:
        """24,000 unless told otherwise; telephony's 8,000."""
        return self.rate or (24_000 if self.type == "audio/pcm" else 8_000)


class Wanted(_Said):
    """What is to be recognised."""

    model: str | None = None
    language: Spoken | None = None
    prompt: Annotated[str, Field(max_length=1000)] | None = None


class ServerVad(_Said):
    """Segments end with a pause."""

    type: Literal["server_vad"] = "server_vad"
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    prefix_padding_ms: Annotated[int, Field(ge=0, le=5000)] = 300
    silence_duration_ms: Annotated[int, Field(ge=200, le=10_000)] = 500


class Input(_Said):
    """The session's sound."""

    format: Format = Format()
    transcription: Wanted = Wanted()
    turn_detection: ServerVad | None = ServerVad()
    """null: segments end where the client commits."""
    noise_reduction: None = None


class Audio(_Said):
    """The session's only direction."""

    input: Input = Input()


def _nothing(value: list[str] | None) -> None:
    if value:
        raise ValueError("log-probabilities of tokens are not kept")


class Session(_Said):
    """What a client wants of its session."""

    type: Literal["transcription"] = "transcription"
    audio: Audio = Audio()
    include: Annotated[list[str] | None, AfterValidator(_nothing)] = None

    def asked(self) -> Asked:
        """The same in our words."""
        wanted, turns = self.audio.input.transcription, self.audio.input.turn_detection
        prompt = (wanted.prompt or "").strip() or None
        recipe = Recipe.model_validate({"language": wanted.language, "decoding": {"initial_prompt": prompt}})
        if turns is None:
            return Asked(recipe, None)
        return Asked(recipe, TurnTaking(turns.threshold, turns.prefix_padding_ms / 1000, turns.silence_duration_ms / 1000))


class _Message(_Said):
    event_id: Annotated[str, Field(max_length=512)] | None = None


class SessionUpdate(_Message):
    """Before any sound."""

    type: Literal["session.update"]
    session: dict[str, Any]


class Append(_Message):
    """More sound, in base64."""

    type: Literal["input_audio_buffer.append"]
    audio: str


class Commit(_Message):
    """The segment ends here."""

    type: Literal["input_audio_buffer.commit"]


class Clear(_Message):
    """What is not told yet is to be forgotten."""

    type: Literal["input_audio_buffer.clear"]


Message = SessionUpdate | Append | Commit | Clear
_MESSAGES: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="type")])


def message_of(text: str | bytes) -> Message:
    """What a client says. Raises Refusal."""
    try:
        return _MESSAGES.validate_json(text)
    except ValidationError as error:
        raise _invalid(error) from None


def updated(session: Session, changes: dict[str, Any]) -> Session:
    """A session with what the client wants changed; what it does not speak of stays. Raises Refusal."""
    try:
        return Session.model_validate(_merged(session.model_dump(exclude_none=False), changes))
    except ValidationError as error:
        raise _invalid(error, "session") from None


def _merged(known: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(known)
    for name, value in changes.items():
        if name in ("audio", "input", "transcription") and value is None:
            continue
        both = isinstance(value, dict) and isinstance(known.get(name), dict) and name not in ("turn_detection", "format")
        merged[name] = _merged(known[name], value) if both else value
    return merged


def _invalid(error: ValidationError, *within: str) -> Refusal:
    fault = error.errors()[0]
    path = ".".join([*within, *(str(part)[:LONGEST_NAME] for part in fault["loc"])])
    message = str(fault["msg"])
    return Refusal(422, "InvalidMessage", f"{path or 'the message'}: {message[:1].lower()}{message[1:]}", path or None)


class Told:
    """The events of one session, in order."""

    def __init__(self) -> None:
        self._name = uuid.uuid4().hex[:20]
        self._before: str | None = None

    def session(self, kind: str, session: Session, model: str) -> Event:
        """`session.created` or `session.updated`. A session may last for as long as a recording."""
        told = session.model_dump()
        told["audio"]["input"]["format"]["rate"] = session.audio.input.format.samples_a_second
        told["audio"]["input"]["transcription"]["model"] = model
        return self._event(kind, session={"id": f"sess_{self._name}", "object": "realtime.transcription_session", **told})

    def events(self, happening: Happening) -> list[Event]:
        """What a happening is called here."""
        item = self._item(happening.segment)
        text = {"item_id": item, "content_index": 0}
        match happening:
            case SpeechStarted(segment):
                at = round(segment.start * 1000)
                return [self._event("input_audio_buffer.speech_started", audio_start_ms=at, item_id=item)]
            case Committed(segment, words, _):
                return self._delta(segment, words, text)
            case Ended(segment, words, paused, asked):
                before, self._before = self._before, item
                at = round(segment.end * 1000)
                stopped = [self._event("input_audio_buffer.speech_stopped", audio_end_ms=at, item_id=item)]
                return [
                    *self._delta(segment, words, text),
                    *(stopped if paused and not asked else []),
                    self._event("input_audio_buffer.committed", item_id=item, previous_item_id=before),
                    self._event(f"{TRANSCRIPTION}.completed", **text, **_whole(segment)),
                ]
            case Corrected(segment):
                return [self._event(f"{TRANSCRIPTION}.corrected", **text, **_whole(segment))]
            case Misheard(_, fault):
                return [self._event(f"{TRANSCRIPTION}.failed", **text, error=refusal_of(fault).body()["error"])]

    def _delta(self, segment: LiveSegment, words: list[LiveWord], text: Event) -> list[Event]:
        """All deltas of an item, joined, are its transcript."""
        if not words:
            return []
        before = between(segment.language) if len(words) < len(segment.words) else ""
        return [self._event(f"{TRANSCRIPTION}.delta", **text, delta=before + text_of(words, segment.language))]

    def cleared(self) -> Event:
        """The client's `clear` was heard."""
        return self._event("input_audio_buffer.cleared")

    def error(self, refusal: Refusal, event_id: str | None = None) -> Event:
        """A message of the client's that is not carried out; the session goes on."""
        return self._event("error", error={**refusal.body()["error"], "event_id": event_id})

    def _item(self, segment: LiveSegment) -> str:
        return f"item_{self._name}_{segment.number}"

    def _event(self, kind: str, **fields: Any) -> Event:
        return {"type": kind, "event_id": f"event_{uuid.uuid4().hex[:20]}", **fields}


def _whole(segment: LiveSegment) -> Event:
    return {
        "transcript": text_of(segment.words, segment.language),
        "usage": {"type": "duration", "seconds": round(max(0.0, segment.end - segment.start), 3)},
    }
