"""What is reported: the status of a TranscriptionJob. The operator alone writes it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from transcription_api.contract import Record
from transcription_api.effective import Effective
from transcription_api.names import (
    MAX_AVOIDED_NODES,
    MAX_PARALLELISM,
    MAX_REPORTED_FAILURES,
    MAX_TRANSITION_MESSAGE,
    MAX_TRANSITIONS,
)

Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]
MOST_BYTES = 2**53
"""No count of bytes is larger: all that read JSON read it exactly up to here."""
Hours = Annotated[float, Field(ge=0)]
Bytes = Annotated[int, Field(ge=0, le=MOST_BYTES)]


class Phase(StrEnum):
    """The job's state in one word, for people; machines read conditions."""

    PENDING = "Pending"
    SUSPENDED = "Suspended"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


class Stage(StrEnum):
    """What a runner pod is doing."""

    UNSAID = ""
    STARTING = "Starting"
    SURVEYING = "Surveying"
    LOADING_MODEL = "LoadingModel"
    TRANSCRIBING = "Transcribing"
    WAITING_FOR_STORE = "WaitingForStore"
    FINISHING = "Finishing"
    FINISHED = "Finished"
    INTERRUPTED = "Interrupted"
    FAILED = "Failed"


class ConditionType(StrEnum):
    """The kinds of condition."""

    SUSPENDED = "Suspended"
    RUNNING = "Running"
    COMPLETE = "Complete"
    FAILED = "Failed"
    CONTESTED = "Contested"


class ConditionState(Record):
    """What a condition of any kind of resource says."""

    status: Literal["True", "False", "Unknown"]
    """Whether the condition holds."""
    reason: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z]([A-Za-z0-9_]*[A-Za-z0-9])?$")]
    """Why, in one CamelCase word."""
    message: Annotated[str, Field(max_length=4096)] = ""
    """Why, in a sentence, and what to do."""
    last_transition_time: datetime
    """When status last changed."""
    observed_generation: Count | None = None
    """The spec's generation that this speaks of."""


class Condition(ConditionState):
    """One aspect of the job's state, in the form that Kubernetes uses everywhere."""

    type: ConditionType
    """Suspended, Running, Complete or Failed; Contested: something that the operator does is undone again and again."""


class FileCounts(Record):
    """How many source objects, by outcome."""

    total: Count = 0
    """Objects found in the source so far."""
    succeeded: Count = 0
    """Transcribed in this run."""
    skipped: Count = 0
    """Already transcribed by an earlier run, with the same content and settings."""
    failed: Count = 0
    """Given up in this run; see failures."""


class Ignored(Record):
    """How many objects below the prefix are no files of the source, by the reason why."""

    folder: Count = 0
    """Folder markers: keys that end in a slash."""
    suffix: Count = 0
    """Without a known audio or video suffix, where source.include does not say what to take."""
    include: Count = 0
    """That no glob of source.include matches."""
    exclude: Count = 0
    """That a glob of source.exclude matches."""
    output: Count = 0
    """Written by a transcription: transcripts, ledger entries, claims, manifests."""


class Survey(Record):
    """What lies in the source, in bytes; how many files there are, files says."""

    complete: bool = False
    """Whether the whole source was looked through; until then there may be more."""
    bytes: Bytes = 0
    """In all files found so far."""
    done_bytes: Bytes = 0
    """Of these, in files that earlier runs transcribed, as far as the work came across them."""


class AudioSeconds(Record):
    """Seconds of audio."""

    total: Seconds = 0
    """In the files that this run has to do; estimated from their sizes and suffixes until all have been opened."""
    processed: Seconds = 0
    """Transcribed in this run."""


class Forecast(Record):
    """What the run should come to. What is not known is left out: how long it takes, where no speed is known; cost, where the
    operator has no price of a GPU."""

    audio_hours: Hours
    """Hours of audio in all files that the run has to do."""
    start_time: datetime | None = None
    """When the run started."""
    end_time: datetime | None = None
    """When the run should end, as estimatedCompletionTime says."""
    earliest_end_time: datetime | None = None
    """The end if errorPercent is used up to the good."""
    latest_end_time: datetime | None = None
    """The end if errorPercent is used up to the bad."""
    duration_seconds: Seconds | None = None
    """Of running, from the start to the end, by all pods together."""
    gpu_hours: Hours | None = None
    """Hours for which pods hold a GPU, all pods together, from the start to the end."""
    cost: Annotated[float, Field(ge=0)] | None = None
    """gpuHours at the operator's price."""
    currency: Annotated[str, Field(max_length=16)] | None = None
    """What cost is counted in."""
    error_percent: Count
    """What is left may well take so much more; or less, by the same factor: 50 is from two thirds to one and a half of it. It
    follows from how much files and speeds that are known differ among themselves."""
    speed_from: Annotated[str, Field(max_length=64)] | None = None
    """Whose speed counts: ThisRun, EarlierRuns with the same settings, or ThisAndEarlierRuns."""


class WordTimes(Record):
    """Where the times of words come from."""

    ctc: Count = 0
    """Files whose words were placed by a CTC aligner."""
    attention: Count = 0
    """Files whose words were placed by Whisper's cross-attention."""
    none: Count = 0
    """Files with text whose words have no times."""
    words: Count = 0
    """Words written."""
    estimated: Count = 0
    """Of these, words whose times are interpolated."""


class Failure(Record):
    """A file that could not be transcribed."""

    key: Annotated[str, Field(max_length=1024)]
    """The object's key."""
    reason: Annotated[str, Field(max_length=128)]
    """Why, in one CamelCase word."""
    message: Annotated[str, Field(max_length=512)] = ""
    """Why, in a sentence."""


Failures = Annotated[
    list[Failure], Field(max_length=MAX_REPORTED_FAILURES, json_schema_extra={"x-kubernetes-list-type": "atomic"})
]
LanguageCounts = Annotated[dict[str, Count], Field(max_length=128)]


class ShardFiles(Record):
    """Files that one shard ended."""

    succeeded: Count = 0
    """Transcribed in this run."""
    failed: Count = 0
    """Given up in this run."""


class ShardAudio(Record):
    """Audio of one shard."""

    processed: Seconds = 0
    """Seconds transcribed in this run."""


class Shard(Record):
    """One completion index of the run: what its newest pod said last, and what it and the pods before it did."""

    index: Annotated[int, Field(ge=0, le=MAX_PARALLELISM - 1)]
    """The completion index."""
    pod_name: Annotated[str, Field(max_length=253)]
    """The newest pod that reported."""
    stage: Annotated[Stage, WithJsonSchema({"type": "string", "maxLength": 64})] = Stage.UNSAID
    """What the pod is doing: Starting, Surveying, LoadingModel, Transcribing, WaitingForStore, Finishing, Finished, Interrupted,
    Failed."""
    message: Annotated[str, Field(max_length=1024)] | None = None
    """More on the stage, such as the store's last error."""
    files: ShardFiles = ShardFiles()
    """Files that this shard ended."""
    audio_seconds: ShardAudio = ShardAudio()
    """Audio that this shard transcribed."""
    last_update_time: datetime
    """When the pod reported."""


class Transition(Record):
    """A step of the job from one phase, or one run, to another."""

    number: Annotated[int, Field(ge=1)]
    """1 for the job's first, one more for each that follows, over all its runs."""
    time: datetime
    """When it was."""
    job_name: Annotated[str, Field(max_length=63)]
    """The run that it belongs to, by its child Job."""
    run_id: Annotated[str, Field(max_length=63)] | None = None
    """The spec.runId of that run."""
    phase: Phase
    """The phase that it led to."""
    reason: Annotated[str, Field(max_length=128)]
    """Why, in one CamelCase word."""
    message: Annotated[str, Field(max_length=MAX_TRANSITION_MESSAGE)] | None = None
    """Why, in a sentence; the beginning of it, if it is long."""


class TranscriptionJobStatus(Record):
    """How far the job is."""

    observed_generation: Count | None = None
    """The spec's generation that this status speaks of."""
    phase: Phase | None = None
    """Pending, Suspended, Running, Succeeded or Failed."""
    conditions: Annotated[
        list[Condition],
        Field(max_length=8, json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}),
    ] = Field(default_factory=list)
    """The job's state, for machines."""
    message: Annotated[str, Field(max_length=4096)] | None = None
    """The most telling condition's message, for kubectl get -o wide."""
    run_id: Annotated[str, Field(max_length=63)] | None = None
    """The spec.runId that this status speaks of."""
    job_name: Annotated[str, Field(max_length=63)] | None = None
    """The child Job."""
    model: Annotated[str, Field(max_length=253)] | None = None
    """The model in one word, for kubectl get -o wide."""
    effective: Effective | None = None
    """The spec with every default filled in, as it was when this run began; it stays whatever the operator's settings become."""
    start_time: datetime | None = None
    """When this run's first pod started."""
    completion_time: datetime | None = None
    """When this run ended."""
    files: FileCounts | None = None
    """Source objects by outcome."""
    ignored: Ignored | None = None
    """Objects below the prefix that are no source files, by the reason why."""
    survey: Survey | None = None
    """What lies in the source, in bytes."""
    file_progress: Annotated[str, Field(max_length=64)] | None = None
    """Files done of files found, as kubectl get shows it."""
    audio_seconds: AudioSeconds | None = None
    """Seconds of audio."""
    progress: Annotated[str, Field(max_length=8)] | None = None
    """Audio done of all audio, in percent; "estimate" of a job with estimateOnly."""
    active_seconds: Seconds | None = None
    """Seconds in which at least one pod ran; waiting and suspended time is not among them."""
    gpu_seconds: Seconds | None = None
    """Seconds for which pods have held a GPU, all pods together."""
    accounted_until: datetime | None = None
    """The moment up to which activeSeconds and gpuSeconds count."""
    real_time_factor: Seconds | None = None
    """Seconds of audio transcribed for each of activeSeconds."""
    estimated_completion_time: datetime | None = None
    """When the run should end, as forecast says."""
    forecast: Forecast | None = None
    """What the run should come to: of a job that is running, or that asks for nothing else (estimateOnly)."""
    languages: LanguageCounts | None = None
    """Files by detected language."""
    word_times: WordTimes | None = None
    """Where the times of words come from."""
    failures: Failures | None = None
    """The first failed files; the manifest lists all."""
    shards: (
        Annotated[list[Shard], Field(max_length=MAX_PARALLELISM, json_schema_extra={"x-kubernetes-list-type": "atomic"})] | None
    ) = None
    """One entry for each completion index that reported, its pod gone or not."""
    avoided_nodes: (
        Annotated[
            list[Annotated[str, Field(max_length=253)]],
            Field(max_length=MAX_AVOIDED_NODES, json_schema_extra={"x-kubernetes-list-type": "atomic"}),
        ]
        | None
    ) = None
    """Nodes on which a GPU stopped working in this run; pods that are made later keep away from them where they can."""
    manifest: Annotated[str, Field(max_length=2048)] | None = None
    """bucket/key of the list of every file with its outcome and outputs."""
    transitions: (
        Annotated[list[Transition], Field(max_length=MAX_TRANSITIONS, json_schema_extra={"x-kubernetes-list-type": "atomic"})]
        | None
    ) = None
    """The last transitions from phase to phase; kept only where they are told to a sink."""
