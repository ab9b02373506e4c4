"""What a job may leave to a profile: every setting but which files to transcribe, and what steers a run.

The API server fills in none of the defaults here: below a job stand its profile and the operator's configuration, and in a
filled-in `beamSize: 5` nobody could tell what was chosen from what was left out. The schema's descriptions tell the defaults.
"""

from typing import Annotated

from pydantic import Field

from transcription_api.compute import Compute
from transcription_api.contract import SET, Contract
from transcription_api.names import MAX_PARALLELISM
from transcription_api.patterns import BucketName, DnsSubdomain, Endpoint, KeyPrefix
from transcription_api.runner_config import Recipe
from transcription_api.speech import Format, Model, Subtitles


class Output(Contract):
    """Where transcripts go, and in which formats."""

    bucket: BucketName | None = None
    """The bucket to write to; left out, the source bucket."""
    prefix: KeyPrefix = "transcripts/"
    """Put before the source object's key: with transcripts/, a/x.wav becomes transcripts/a/x.wav.srt."""
    formats: Annotated[list[Format], Field(min_length=1, max_length=5, json_schema_extra=SET)] = list(Format)
    """The files to write for each source object."""
    subtitles: Subtitles = Subtitles()
    """How SRT and VTT cues are cut."""


class Storage(Contract):
    """The S3-compatible store. What neither job nor profile says comes from the operator's configuration."""

    endpoint: Endpoint | None = None
    """The store's address, such as http://minio:9000."""
    secret_name: DnsSubdomain | None = None
    """A Secret in this namespace with the keys accessKey and secretKey."""


class JobSettings(Recipe):
    """How to transcribe, where the result goes and where the pods run."""

    output: Output = Output()
    """Where transcripts go, and in which formats."""
    storage: Storage = Storage()
    """The S3-compatible store that holds source and output."""
    model: Model = Model()
    """The speech recognition model."""
    parallelism: Annotated[int, Field(ge=1, le=MAX_PARALLELISM)] = 1
    """How many pods, each with one GPU, share the files. Mutable."""
    compute: Compute = Compute()
    """Where pods run."""
    max_failed_files: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = None
    """With more failed files than this the run stops and is Failed; left out, every file is tried, and the job is Failed at its
    end if any failed. What succeeded stays written. Mutable."""
    backoff_limit: Annotated[int, Field(ge=0, le=100)] = 3
    """How many failed pods are replaced before the job is Failed; not counted with backoffLimitPerIndex."""
    backoff_limit_per_index: Annotated[int, Field(ge=0, le=100)] | None = None
    """How many failed pods of one shard are replaced before that shard is given up; the others then do its files, and the job is
    Failed only if none is left to do them."""
    active_deadline_seconds: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    """The job is Failed after running this long; suspended time, and waiting for a GPU, do not count."""
    pending_deadline_seconds: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    """The job is Failed after waiting this long for a pod, as for a GPU that never comes; suspended time does not count."""
    ttl_seconds_after_finished: Annotated[int, Field(ge=0, le=2**31 - 1)] = 3600
    """The child Job and its pods are removed this long after the end; the TranscriptionJob stays. Mutable."""
