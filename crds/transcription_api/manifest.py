"""The manifest: one object at the end of a run that lists every source object with its outcome and its outputs."""

from datetime import datetime

from pydantic import Field

from transcription_api.contract import Contract
from transcription_api.ledger import Outcome
from transcription_api.status import FileCounts


class ManifestFile(Contract):
    """One source object."""

    key: str
    etag: str
    outcome: Outcome
    skipped: bool = False
    """True when an earlier run had done it already."""
    reason: str | None = None
    message: str | None = None
    outputs: list[str] = Field(default_factory=list)
    language: str | None = None
    audio_seconds: float = 0.0


class Manifest(Contract):
    """What a run did. Written as a stream, since `files` may have millions of entries."""

    job: str
    """namespace/name of the TranscriptionJob."""
    run_id: str
    job_name: str
    bucket: str
    output_bucket: str
    recipe_hash: str
    counts: FileCounts
    finished_at: datetime
    files: list[ManifestFile]
