"""What the operator tells a runner pod: the job's spec with every default filled in. An annotation that the pod mounts."""

from typing import Annotated, Literal

from pydantic import Field

from transcription_api.contract import Contract
from transcription_api.patterns import BucketName, Endpoint, HubOwner, KeyPrefix
from transcription_api.source import Source
from transcription_api.speech import (
    Alignment,
    AudioSettings,
    ComputeType,
    Decoding,
    Device,
    Diarization,
    Format,
    Language,
    LanguageDetection,
    Subtitles,
    Task,
    Vad,
)


class JobReference(Contract):
    """Which TranscriptionJob, and which run of it, a pod works for."""

    namespace: str
    name: str
    uid: str
    run_id: str = ""
    job_name: str
    """The child Job; it names the run in ledger entries and in reports."""
    parallelism: Annotated[int, Field(ge=1)] = 1
    """How many pods the run started with: the more, the more seldom each reports."""


class ResolvedOutput(Contract):
    """Where transcripts go, nothing left to default."""

    bucket: BucketName
    prefix: KeyPrefix
    formats: Annotated[list[Format], Field(min_length=1)]
    subtitles: Subtitles = Subtitles()


class ResolvedModel(Contract):
    """The recognition model, nothing left to default but the batch size."""

    name: Annotated[str, Field(min_length=1, max_length=4096)]
    """As in the spec; used as a library, any folder of the machine, too."""
    compute_type: ComputeType
    batch_size: Annotated[int, Field(ge=1)] | None = None
    """Left out: as many chunks as the device's memory holds."""


class Recipe(Contract):
    """What is asked of the engine for one piece of work; it shapes the words and times as the model does."""

    language: Language | None = None
    """The language spoken, as an ISO code; left out, it is detected for each file."""
    task: Task = Task.TRANSCRIBE
    """transcribe writes what was said; translate writes it in English."""
    audio: AudioSettings = AudioSettings()
    """Which sound of each file is transcribed."""
    language_detection: LanguageDetection = LanguageDetection()
    """How the language is detected where none is given."""
    decoding: Decoding = Decoding()
    """How the recogniser searches for words."""
    vad: Vad = Vad()
    """Voice activity detection."""
    alignment: Alignment = Alignment()
    """Word times."""
    diarization: Diarization = Diarization()
    """Who spoke when."""


class RunnerConfig(Contract):
    """The whole of a runner's configuration; credentials come through the environment, never through this."""

    job: JobReference
    source: Source
    output: ResolvedOutput
    endpoint: Endpoint
    model: ResolvedModel
    recipe: Recipe
    device: Device
    hub_owners: Annotated[list[HubOwner], Field(min_length=1)] | None = None
    """Whose models may be taken from the hub; left out: anybody's, but pickles only of owners that the runner knows."""
    estimate_only: Literal[True] | None = None
    """The source is looked through, and nothing else is done. Said to nobody else: a runner of an older image would refuse it."""
