"""The ledger: one small object beside the outputs for each source object, written last, so that work is never done twice."""

from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from pydantic import Field

from transcription_api.contract import Contract
from transcription_api.runner_config import Recipe, ResolvedOutput

LEDGER_VERSION = "v1"


class Outcome(StrEnum):
    """How a source object ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Run(Contract):
    """Who did the work."""

    job_name: str
    """The child Job: one name for each run of one TranscriptionJob."""
    shard: int
    """Completion index of the pod."""
    pod_name: str


class LedgerEntry(Contract):
    """What became of one source object under one recipe."""

    version: str = LEDGER_VERSION
    bucket: str
    key: str
    etag: str
    """The source object's ETag when it was read."""
    recipe_hash: str
    """`recipe_hash` of what shaped the result; another hash means that the work has to be done again."""
    outcome: Outcome
    reason: str | None = None
    """Why it failed, in one CamelCase word."""
    message: str | None = None
    """Why it failed, in a sentence."""
    outputs: list[str] = Field(default_factory=list)
    """Keys of the objects written, in the output bucket."""
    language: str | None = None
    audio_seconds: float = 0.0
    segments: int = 0
    words: int = 0
    processing_seconds: float = 0.0
    run: Run
    finished_at: datetime


def recipe_hash(recipe: Recipe, output: ResolvedOutput) -> str:
    """A hash (16 hexadecimal digits) of everything that shapes the written files: models, settings, formats, cue limits.

    The batch size is left out: it changes speed, not words.
    """
    shaped = recipe.model_copy(update={"model": recipe.model.model_copy(update={"batch_size": 1})})
    cues = output.subtitles.model_dump_json(by_alias=True)
    formats = ",".join(sorted(output.formats))
    text = "\n".join((LEDGER_VERSION, shaped.model_dump_json(by_alias=True), cues, formats))
    return sha256(text.encode()).hexdigest()[:16]


def ledger_key(prefix: str, bucket: str, key: str) -> str:
    """Where the entry of source object `bucket`/`key` lies: a hashed name, since an object key can hold anything."""
    name = sha256(f"{bucket}/{key}".encode()).hexdigest()[:32]
    return f"{prefix}.ledger/{name[:2]}/{name}.json"


def manifest_key(prefix: str, job_name: str) -> str:
    """Where the manifest of the TranscriptionJob `job_name` lies."""
    return f"{prefix}_manifest-{job_name}.json"


def output_key(prefix: str, key: str, suffix: str) -> str:
    """Where the output `suffix` (json, srt, ...) of source object `key` lies; the source's own suffix is kept."""
    return f"{prefix}{key}.{suffix}"
