"""What a form of OpenAI's audio API asks for: its fields, and the recipe that they mean here. Pure.

Fields that Whisper cannot honour are refused, not overlooked: an answer without what was asked for would pass for one with it.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from transcription_api.languages import LANGUAGE_CODES
from transcription_api.runner_config import Recipe
from transcription_api.speech import Language, Task
from transcription_runner.serve.parameters import known_language
from transcription_runner.serve.refusals import LONGEST_NAME, Refusal, invalid
from transcription_runner.serve.served import Served

MOST_KEYWORDS = 1000
LISTS = frozenset({"languages", "keywords", "timestamp_granularities"})
REFUSED = {
    "include": "log-probabilities of tokens are not kept; verbose_json has avg_logprob of each segment",
    "known_speaker_names": "speakers are told apart, not recognised; they are A, B, … in the order in which they speak",
    "known_speaker_references": "speakers are told apart, not recognised; they are A, B, … in the order in which they speak",
}
"""Fields of OpenAI's that are none here, and why."""


class ResponseFormat(StrEnum):
    """How a transcript is answered."""

    JSON = "json"
    TEXT = "text"
    SRT = "srt"
    VERBOSE_JSON = "verbose_json"
    VTT = "vtt"
    DIARIZED_JSON = "diarized_json"


Spoken = Annotated[Language, AfterValidator(known_language)]


class TranslationFields(BaseModel):
    """The fields of `/v1/audio/translations`, beside the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    model: str | None = None
    """The model that is loaded, or whisper-1, which stands for it."""
    prompt: Annotated[str, Field(max_length=1000)] = ""
    """Text that the recogniser is to take as spoken before."""
    response_format: ResponseFormat = ResponseFormat.JSON
    """How the transcript is answered."""
    temperature: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Of decoding; 0: doubted text is decoded again at rising temperatures."""
    stream: bool = False
    """Whether text comes as server-sent events while it is recognised; with response_format json or text."""


class TranscriptionFields(TranslationFields):
    """The fields of `/v1/audio/transcriptions`, beside the file."""

    language: Spoken | None = None
    """The language spoken, as an ISO code such as es; left out, it is detected."""
    languages: list[Spoken] = []
    """Only these languages are considered when it is detected."""
    keywords: list[Annotated[str, Field(max_length=200)]] = []
    """Words to favour, such as product names."""
    timestamp_granularities: list[Literal["word", "segment"]] = []
    """What has times in verbose_json: segments unless told otherwise, words where asked for."""
    chunking_strategy: Literal["auto"] = "auto"
    """Speech is always found by a voice activity detector."""


ALLOWED: dict[str, Sequence[str]] = {
    **dict.fromkeys(TranscriptionFields.model_fields, ()),
    "language": LANGUAGE_CODES,
    "languages": LANGUAGE_CODES,
    "response_format": tuple(ResponseFormat),
    "timestamp_granularities": ("word", "segment"),
    "chunking_strategy": ("auto",),
}


def fields_of(form: Mapping[str, Sequence[str]], kind: type[TranslationFields]) -> Any:
    """The form's fields as `kind`. Lists are written `name[]`, as OpenAI's clients do, or `name`. Raises Refusal."""
    given: dict[str, Any] = {}
    for name, values in form.items():
        plain = name.removesuffix("[]")
        if plain in REFUSED:
            raise Refusal(422, "UnsupportedParameter", f"{plain}: {REFUSED[plain]}", plain)
        if plain in LISTS:
            given.setdefault(plain, []).extend(value for value in values if value)
        elif len(values) > 1:
            short = name[:LONGEST_NAME]
            raise Refusal(422, "InvalidParameter", f"{short} stands in the form {len(values)} times", short)
        else:
            given[name] = values[0]
    try:
        fields = kind.model_validate(given)
    except ValidationError as error:
        known = {name: ALLOWED[name] for name in kind.model_fields}
        faults = [{**fault, "loc": tuple(part for part in fault["loc"] if isinstance(part, str))} for fault in error.errors()]
        raise invalid(faults, known) from None
    _check(fields)
    return fields


def _check(fields: TranslationFields) -> None:
    """Raises Refusal for what does not go together."""
    form = fields.response_format
    if fields.stream and form not in (ResponseFormat.JSON, ResponseFormat.TEXT):
        raise Refusal(
            422, "InvalidParameter", "stream goes with response_format json or text", "response_format", ("json", "text")
        )
    if not isinstance(fields, TranscriptionFields):
        if form is ResponseFormat.DIARIZED_JSON:
            kinds = tuple(one for one in ResponseFormat if one is not ResponseFormat.DIARIZED_JSON)
            raise Refusal(422, "InvalidParameter", "translations are not diarized", "response_format", kinds)
        return
    if fields.timestamp_granularities and form is not ResponseFormat.VERBOSE_JSON:
        raise Refusal(
            422,
            "InvalidParameter",
            "timestamp_granularities goes with response_format verbose_json",
            "response_format",
            ("verbose_json",),
        )
    if len(" ".join(fields.keywords)) > MOST_KEYWORDS:
        raise Refusal(422, "InvalidParameter", f"keywords are at most {MOST_KEYWORDS} characters together", "keywords")
    if fields.language and fields.languages:
        raise Refusal(
            422, "InvalidParameter", "languages are for a language that is not given: leave out one of them", "languages"
        )


def recipe_of(fields: TranslationFields, loaded: Served) -> Recipe:
    """What is asked of the engine. Raises Refusal for a model that is not loaded."""
    loaded.check(fields.model)
    decoding: dict[str, Any] = {"initial_prompt": fields.prompt.strip() or None}
    if fields.temperature:
        decoding["temperatures"] = [fields.temperature]
    asked: dict[str, Any] = {"decoding": decoding}
    if isinstance(fields, TranscriptionFields):
        decoding["hotwords"] = " ".join(fields.keywords).strip() or None
        asked |= {
            "language": fields.language,
            "language_detection": {"candidates": list(dict.fromkeys(fields.languages))},
            "alignment": {"enabled": fields.response_format not in (ResponseFormat.JSON, ResponseFormat.TEXT)},
            "diarization": {"enabled": fields.response_format is ResponseFormat.DIARIZED_JSON},
        }
    else:
        asked["task"] = Task.TRANSLATE
    return Recipe.model_validate(asked)
