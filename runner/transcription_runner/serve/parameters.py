"""What `POST /transcribe` may be asked for, and the recipe and the answer that it means. Pure."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from transcription_api.languages import LANGUAGE_CODES
from transcription_api.runner_config import Recipe
from transcription_api.speech import Channels, ComputeType, Format, Language, Speakers, Task
from transcription_runner.serve.refusals import Refusal
from transcription_runner.serve.served import Served


class Answer(StrEnum):
    """A format, or all of them as one JSON object."""

    JSON = Format.JSON
    TSV = Format.TSV
    TXT = Format.TXT
    VTT = Format.VTT
    SRT = Format.SRT
    ALL = "all"


def known_language(code: str) -> str:
    """The code of a language that Whisper knows. Raises ValueError."""
    if code not in LANGUAGE_CODES:
        raise ValueError("Whisper knows no such language")
    return code


class Parameters(BaseModel):
    """The parameters of an address; one that is none of them is refused, lest a misspelt one pass for its default."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    language: Annotated[Language, AfterValidator(known_language)] | None = None
    """The language spoken, as an ISO code such as es; left out, it is detected."""
    task: Task = Task.TRANSCRIBE
    """transcribe writes the words as spoken; translate writes English."""
    format: Answer = Answer.JSON
    """How the transcript is written; all is one JSON object with the five."""
    word_timestamps: bool = True
    """Whether words get times of their own."""
    diarize: bool = False
    """Whether segments and words are attributed to speakers."""
    min_speakers: Speakers | None = None
    """At least this many speakers; needs diarize."""
    max_speakers: Speakers | None = None
    """At most this many speakers; needs diarize."""
    channels: Channels = Channels.MIX
    """mix: all channels as one; split: each channel on its own, and its name is the speaker."""
    model: str | None = None
    """The model that is loaded; another one is refused with its name."""
    compute_type: ComputeType | None = None
    """The number format that the service computes in; another one is refused."""
    asynchronous: Annotated[bool, Field(alias="async")] = False
    """true: the work is a job of the cluster, and the answer, 202, comes with its address; where the service has jobs."""
    source: Annotated[str, Field(max_length=2000)] | None = None
    """With async=true, instead of a file: the address of a recording in the store, s3://BUCKET/KEY."""


ALLOWED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((field.alias or name for name, field in Parameters.model_fields.items()), ()),
    "language": LANGUAGE_CODES,
    "task": tuple(Task),
    "format": tuple(str(one) for one in Answer),
    "channels": tuple(Channels),
    "compute_type": tuple(ComputeType),
}
"""What each parameter may be; empty where that is no list."""


def recipe_of(parameters: Parameters, loaded: Served) -> Recipe:
    """What is asked of the engine. Raises Refusal for what is not loaded, or does not go together."""
    loaded.check(parameters.model, parameters.compute_type)
    return recipe(
        language=parameters.language,
        task=parameters.task,
        word_times=parameters.word_timestamps,
        diarize=parameters.diarize,
        min_speakers=parameters.min_speakers,
        max_speakers=parameters.max_speakers,
        channels=parameters.channels,
    )


def recipe(
    *,
    language: str | None,
    task: Task,
    word_times: bool,
    diarize: bool,
    min_speakers: int | None,
    max_speakers: int | None,
    channels: Channels,
) -> Recipe:
    """The recipe of a request. Raises Refusal for what does not go together."""
    if (min_speakers or max_speakers) and not diarize:
        given = "min_speakers" if min_speakers else "max_speakers"
        raise Refusal(422, "InvalidParameter", f"{given} needs diarize=true", given)
    if min_speakers and max_speakers and min_speakers > max_speakers:
        raise Refusal(422, "InvalidParameter", "min_speakers must not be greater than max_speakers", "min_speakers")
    if diarize and channels is Channels.SPLIT:
        raise Refusal(
            422, "InvalidParameter", "with channels=split each channel is a speaker: leave out diarize, or split", "diarize"
        )
    return Recipe.model_validate(
        {
            "language": language,
            "task": task,
            "audio": {"channels": channels},
            "alignment": {"enabled": word_times},
            "diarization": {"enabled": diarize, "min_speakers": min_speakers, "max_speakers": max_speakers},
        }
    )
