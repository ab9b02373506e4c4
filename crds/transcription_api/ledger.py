"""The ledger: one small object beside the outputs for each source object, written last, so that work is never done twice."""

import json
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Literal

from pydantic import BaseModel, Field

from transcription_api.contract import Record
from transcription_api.runner_config import Recipe, ResolvedModel, ResolvedOutput

LEDGER_VERSION = "v1"


class Outcome(StrEnum):
    """How a source object ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Worker(Record):
    """Who did the work."""

    job_name: str
    """The child Job: one name for each run of one TranscriptionJob."""
    shard: int
    """Completion index of the pod."""
    pod_name: str


class LedgerEntry(Record):
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
    estimated_words: int = 0
    """Words whose times are interpolated."""
    alignment: Literal["ctc", "attention"] | None = None
    """Where word times come from; left out where words have none."""
    processing_seconds: float = 0.0
    worker: Worker
    finished_at: datetime


def recipe_hash(model: ResolvedModel, recipe: Recipe, output: ResolvedOutput) -> str:
    """A hash (16 hexadecimal digits) of everything that shapes the written files: model, settings, formats, cue limits.

    What has its default value is left out, so a field that a later version adds changes no hash and no bucket is transcribed
    anew; a changed default is another LEDGER_VERSION. The batch size is left out: it changes speed, not words.
    """
    parts = {
        "version": LEDGER_VERSION,
        "model": model.model_copy(update={"batch_size": None}),
        "recipe": recipe,
        "subtitles": output.subtitles,
        "formats": sorted(output.formats),
    }
    chosen = {
        name: part.model_dump(mode="json", by_alias=True, exclude_defaults=True) if isinstance(part, BaseModel) else part
        for name, part in parts.items()
    }
    return sha256(json.dumps(chosen, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def ledger_key(prefix: str, bucket: str, key: str) -> str:
    """Where the entry of source object `bucket`/`key` lies: a hashed name, since an object key can hold anything."""
    name = _hashed(f"{bucket}/{key}")
    return f"{prefix}.ledger/{name[:2]}/{name}.json"


def ledger_folder(prefix: str, number: int) -> str:
    """Where the entries lie whose names begin with `number` (0 to 255) in hexadecimal."""
    return f"{prefix}.ledger/{number:02x}/"


def packed_key(prefix: str, bucket: str, source_prefix: str) -> str:
    """Where a copy of the entries of all files of `bucket` below `source_prefix` lies."""
    return f"{prefix}.ledger/packed/{_hashed(f'{bucket}/{source_prefix}')}"


def manifest_key(prefix: str, job_name: str) -> str:
    """Where the manifest of the TranscriptionJob `job_name` lies."""
    return f"{prefix}_manifest-{job_name}.json"


def output_key(prefix: str, key: str, suffix: str) -> str:
    """Where the output `suffix` (json, srt, ...) of source object `key` lies; the source's own suffix is kept."""
    return f"{prefix}{key}.{suffix}"


def _hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]
