"""The manifest: one object at the end of a run that lists every source object with its outcome and its outputs."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from transcription_api.contract import Record
from transcription_api.ledger import Outcome
from transcription_api.status import FileCounts


class ManifestFile(Record):
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
    words: int = 0
    estimated_words: int = 0
    """Words whose times are interpolated."""
    alignment: Literal["ctc", "attention"] | None = None
    """Where word times come from; left out where words have none."""


class Manifest(Record):
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
