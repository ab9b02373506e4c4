"""The speech settings of a job: which model, and how speech is found, recognised, aligned and attributed to speakers."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from transcription_api.contract import Contract, rules
from transcription_api.languages import LANGUAGE_CODES
from transcription_api.patterns import ModelName


class Task(StrEnum):
    """What to write: the words as spoken, or their English translation."""

    TRANSCRIBE = "transcribe"
    TRANSLATE = "translate"


class Format(StrEnum):
    """Output formats, one file of each for every source object."""

    JSON = "json"
    TSV = "tsv"
    TXT = "txt"
    VTT = "vtt"
    SRT = "srt"


class ComputeType(StrEnum):
    """Number formats that CTranslate2 computes in."""

    INT8 = "int8"
    INT8_FLOAT32 = "int8_float32"
    INT8_FLOAT16 = "int8_float16"
    INT8_BFLOAT16 = "int8_bfloat16"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"
    FLOAT32 = "float32"


Language = Annotated[str, Field(json_schema_extra={"enum": list(LANGUAGE_CODES)})]
"""An ISO code from `languages.LANGUAGE_CODES`."""


class Model(Contract):
    """The speech recognition model. What is left out comes from the operator's configuration."""

    name: ModelName | None = None
    """A Whisper model: a name (large-v2), a hub name (owner/name) or an absolute folder in the runner's image or volume."""
    compute_type: ComputeType | None = None
    """The number format to compute in: float16 suits data-centre GPUs, int8 suits CPUs."""
    batch_size: Annotated[int, Field(ge=1, le=256)] | None = None
    """How many speech chunks are recognised at once; left out, as many as the device's memory holds."""


class Decoding(Contract):
    """How the recogniser searches for words."""

    beam_size: Annotated[int, Field(ge=1, le=20)] = 5
    """Hypotheses kept at each step; 1 is greedy and fastest."""
    initial_prompt: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    """Text that the recogniser is to take as spoken before, to set style and spelling."""
    hotwords: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    """Words to favour, such as product names, separated by spaces."""
    suppress_numerals: bool = False
    """Whether numbers are written as words: no digits and no %, $, £, €. Aligners have no sound for digits."""


class VadMethod(StrEnum):
    """Voice activity detectors."""

    PYANNOTE = "pyannote"
    SILERO = "silero"


class Vad(Contract):
    """Voice activity detection: which stretches of the audio are speech."""

    model_config = ConfigDict(
        json_schema_extra=rules(("self.offset <= self.onset", "vad.offset must not be greater than vad.onset", ".offset"))
    )

    method: VadMethod = VadMethod.PYANNOTE
    """The detector."""
    onset: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Speech starts when its probability rises above this."""
    offset: Annotated[float, Field(gt=0, lt=1)] = 0.363
    """Speech ends when its probability falls below this."""
    chunk_size: Annotated[int, Field(ge=1, le=30)] = 30
    """Neighbouring speech is merged into chunks of at most this many seconds; Whisper's window is 30."""


class Alignment(Contract):
    """Word times, by forced alignment with a CTC model."""

    enabled: bool = True
    """Whether words get times of their own."""
    model: ModelName | None = None
    """The alignment model: a hub name or an absolute folder; left out, the usual one for each language."""


Speakers = Annotated[int, Field(ge=1, le=50)]


class Diarization(Contract):
    """Who spoke when."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "!has(self.minSpeakers) || !has(self.maxSpeakers) || self.minSpeakers <= self.maxSpeakers",
                "diarization.minSpeakers must not be greater than diarization.maxSpeakers",
                ".minSpeakers",
            )
        )
    )

    enabled: bool = False
    """Whether segments and words are attributed to speakers."""
    min_speakers: Speakers | None = None
    """At least this many speakers."""
    max_speakers: Speakers | None = None
    """At most this many speakers."""
    model: ModelName | None = None
    """The diarization pipeline: a hub name or an absolute folder."""


class Subtitles(Contract):
    """How SRT and VTT cues are cut."""

    max_line_width: Annotated[int, Field(ge=10, le=200)] = 42
    """Columns in a line, at most. A Chinese, Japanese or Korean character takes two; their lines hold at most 16, 13 and 16."""
    max_line_count: Annotated[int, Field(ge=1, le=10)] = 2
    """Lines in a cue, at most."""
    highlight_words: bool = False
    """Whether each word is underlined as it is spoken."""


Device = Literal["cuda", "cpu"]
