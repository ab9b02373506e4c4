"""What is told to others when a TranscriptionJob goes from one phase to another: a CloudEvent 1.0, in structured mode.

The data is small, and final: what is said of a transition does not change any more, so that an event that comes twice says the
same twice. Figures are said with the end of a run.
"""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from transcription_api.contract import Record
from transcription_api.names import MAX_TRANSITION_MESSAGE
from transcription_api.status import AudioSeconds, FileCounts, Phase, Seconds

CONTENT_TYPE: Final = "application/cloudevents+json"
JOB_TRANSITION_SCHEMA: Final = "https://transcription.whisperx.dev/schemas/v1alpha1/job-transition.json"
"""The name of the data's schema, which is crds/schemas/job-transition.json. An incompatible change would get another name."""
_TYPES = "dev.whisperx.transcription.job"


def event_type(phase: Phase) -> str:
    """The CloudEvents type of a job's step to `phase`, such as dev.whisperx.transcription.job.succeeded."""
    return f"{_TYPES}.{phase.value.lower()}"


class JobTransition(Record):
    """A TranscriptionJob went from one phase, or one run, to another."""

    namespace: Annotated[str, Field(max_length=63)]
    """The job's namespace."""
    name: Annotated[str, Field(max_length=253)]
    """The job's name."""
    uid: Annotated[str, Field(max_length=64)]
    """The job's uid: another job of the same name has another."""
    schedule: Annotated[str, Field(max_length=253)] | None = None
    """The TranscriptionSchedule that made the job."""
    number: Annotated[int, Field(ge=1)]
    """1 for the job's first transition, one more for each that follows, over all its runs."""
    job_name: Annotated[str, Field(max_length=63)]
    """The run, by its child Job."""
    run_id: Annotated[str, Field(max_length=63)] | None = None
    """The run's spec.runId."""
    phase: Phase
    """The phase that the job is in from now on: Pending, Suspended, Running, Succeeded or Failed."""
    reason: Annotated[str, Field(max_length=128)]
    """Why, in one CamelCase word."""
    message: Annotated[str, Field(max_length=MAX_TRANSITION_MESSAGE)] | None = None
    """Why, in a sentence; the beginning of it, if it is long."""
    start_time: datetime | None = None
    """When the run's first pod started. This and what follows is said with the end of a run, unless another had begun by then."""
    completion_time: datetime | None = None
    """When the run ended."""
    files: FileCounts | None = None
    """Source objects by outcome."""
    audio_seconds: AudioSeconds | None = None
    """Seconds of audio."""
    active_seconds: Seconds | None = None
    """Seconds in which at least one pod ran."""
    gpu_seconds: Seconds | None = None
    """Seconds for which pods held a GPU, all pods together."""
    manifest: Annotated[str, Field(max_length=2048)] | None = None
    """bucket/key of the list of every file with its outcome and outputs."""


class CloudEvent(Record):
    """The envelope, as CloudEvents 1.0 names its attributes."""

    specversion: Literal["1.0"] = "1.0"
    id: Annotated[str, Field(min_length=1)]
    """The same for the same transition, however often it is told."""
    source: Annotated[str, Field(min_length=1)]
    """The path of the job in the Kubernetes API."""
    type: Annotated[str, Field(min_length=1)]
    """By `event_type`."""
    subject: Annotated[str, Field(min_length=1)]
    """The run, by its child Job."""
    time: datetime
    """When the transition was."""
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: Annotated[str, Field(min_length=1)] = JOB_TRANSITION_SCHEMA
    sequence: Annotated[str, Field(min_length=1)]
    """The transition's number with leading zeros: CloudEvents' extension for the order of events of one source."""
    data: JobTransition
