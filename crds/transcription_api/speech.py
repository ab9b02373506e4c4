"""The speech settings of a job: which model, and how speech is found, recognised, aligned and attributed to speakers."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from transcription_api.contract import ATOMIC, SET, Contract
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
    """The speech recognition model. What neither job nor profile says comes from the operator's configuration."""

    name: ModelName | None = None
    """A Whisper model: a name (large-v2), a hub name (owner/name) or an absolute folder in the runner's image or volume."""
    compute_type: ComputeType | None = None
    """The number format to compute in: float16 suits data-centre GPUs, int8 suits CPUs."""
    batch_size: Annotated[int, Field(ge=1, le=256)] | None = None
    """How many speech chunks are recognised at once; left out, as many as the device's memory holds."""


Token = Annotated[int, Field(ge=0, le=1_000_000)]
Temperature = Annotated[float, Field(ge=0, le=2)]


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
    suppress_tokens: Annotated[list[Token], Field(max_length=512, json_schema_extra=SET)] = []
    """Tokens of the model that are never written, by number, besides those that Whisper itself suppresses."""
    temperatures: Annotated[list[Temperature], Field(min_length=1, max_length=8, json_schema_extra=ATOMIC)] = [
        0.0, 0.2, 0.4, 0.6, 0.8, 1.0,
    ]  # fmt: skip
    """The first look's temperature, then those at which doubted text is decoded again; one alone: nothing is decoded again."""
    best_of: Annotated[int, Field(ge=1, le=20)] = 5
    """Samples drawn at each temperature above 0, of which the most probable is kept."""
    patience: Annotated[float, Field(gt=0, le=10)] = 1.0
    """How much longer beam search goes on looking for other hypotheses; 1 is the usual search."""
    length_penalty: Annotated[float, Field(ge=0, le=5)] = 1.0
    """Exponent of the length by which hypotheses are compared; above 1 favours longer text."""
    compression_ratio_threshold: Annotated[float, Field(gt=0, le=100)] = 2.4
    """Text that zlib shortens more than this repeats itself, and is decoded again."""
    log_prob_threshold: Annotated[float, Field(ge=-100, le=0)] = -1.0
    """Text whose mean log-probability is lower than this is decoded again."""
    no_speech_threshold: Annotated[float, Field(ge=0, le=1)] = 0.6
    """Text as improbable as that, in what the recogniser holds for silence with more than this probability, is left out."""


class VadMethod(StrEnum):
    """Voice activity detectors."""

    PYANNOTE = "pyannote"
    SILERO = "silero"


class Vad(Contract):
    """Voice activity detection: which stretches of the audio are speech."""

    method: VadMethod = VadMethod.PYANNOTE
    """The detector."""
    onset: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Speech starts when its probability rises above this."""
    offset: Annotated[float, Field(gt=0, lt=1)] = 0.363
    """Speech ends when its probability falls below this."""
    chunk_size: Annotated[int, Field(ge=1, le=30)] = 30
    """Neighbouring speech is merged into chunks of at most this many seconds; Whisper's window is 30."""


class AlignmentMethod(StrEnum):
    """Where word times come from."""

    AUTO = "auto"
    CTC = "ctc"
    ATTENTION = "attention"


class Alignment(Contract):
    """Word times."""

    enabled: bool = True
    """Whether words get times of their own."""
    method: AlignmentMethod = AlignmentMethod.AUTO
    """ctc: a CTC aligner of the language, else segment times; attention: Whisper's own cross-attention, which knows every
    language; auto: ctc where the language has an aligner, else attention."""
    characters: bool = False
    """Whether the JSON has times of single characters, too (ctc)."""
    model: ModelName | None = None
    """The alignment model: a hub name or an absolute folder; left out, the usual one for each language."""


Speakers = Annotated[int, Field(ge=1, le=50)]


class Diarization(Contract):
    """Who spoke when."""

    enabled: bool = False
    """Whether segments and words are attributed to speakers."""
    min_speakers: Speakers | None = None
    """At least this many speakers."""
    max_speakers: Speakers | None = None
    """At most this many speakers."""
    model: ModelName | None = None
    """The diarization pipeline: a hub name or an absolute folder."""
    embeddings: bool = False
    """Whether the JSON has a vector for each speaker's voice, by which speakers of several files can be compared."""


class Channels(StrEnum):
    """What becomes of several channels."""

    MIX = "mix"
    SPLIT = "split"


ChannelName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^<>&\r\n\t]*[^<>&\s][^<>&\r\n\t]*$")]


class AudioSettings(Contract):
    """Which sound of a file is transcribed."""

    channels: Channels = Channels.MIX
    """mix: all channels as one; split: each channel on its own, and its name is the speaker."""
    channel_names: Annotated[list[ChannelName], Field(max_length=8, json_schema_extra=SET)] = []
    """Names of the channels in order, such as agent and customer; channels without one are CHANNEL_0, CHANNEL_1, …"""
    track: Annotated[int, Field(ge=0, le=63)] | None = None
    """Which of a file's audio tracks, from 0 on; left out, the one that the file marks as default, else the first."""


class LanguageDetection(Contract):
    """How the language is detected where none is given."""

    min_probability: Annotated[float, Field(ge=0, le=1)] = 0.5
    """The language is heard in further chunks of the file until it is at least so probable."""
    candidates: Annotated[list[Language], Field(max_length=100, json_schema_extra=SET)] = []
    """Only these languages are considered; empty: all that the model knows."""
    per_chunk: bool = False
    """Whether each chunk is recognised in the language that is heard in it, for files in which several are spoken."""


class Subtitles(Contract):
    """How SRT and VTT cues are cut."""

    max_line_width: Annotated[int, Field(ge=10, le=200)] = 42
    """Columns in a line, at most. A Chinese, Japanese or Korean character takes two; their lines hold at most 16, 13 and 16."""
    max_line_count: Annotated[int, Field(ge=1, le=10)] = 2
    """Lines in a cue, at most."""
    highlight_words: bool = False
    """Whether each word is underlined as it is spoken."""


Device = Literal["cuda", "cpu"]
