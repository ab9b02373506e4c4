"""The ledger: what became of each source object. An entry is written after everything that it speaks of."""

from dataclasses import dataclass
from enum import Enum

from pydantic import ValidationError

from transcription_api.ledger import LEDGER_VERSION, LedgerEntry, Outcome, Worker, ledger_folder, ledger_key, packed_key
from transcription_runner.batch.sources import SourceFile
from transcription_runner.store.port import ObjectMissingError, Store


class Standing(Enum):
    """How a file stands with a run, by its entry."""

    TO_DO = "nothing that holds"
    SKIP = "an earlier run did it, with the same content and settings"
    DONE_HERE = "this shard did it in this run"
    DONE_ELSEWHERE = "another shard did it in this run"


def standing(entry: LedgerEntry | None, file: SourceFile, recipe_hash: str, worker: Worker) -> Standing:
    """What is left to do for `file`. An object that failed in an earlier run is tried again; one of this run is not."""
    if entry is None:
        return Standing.TO_DO
    if entry.worker.job_name == worker.job_name:
        return Standing.DONE_HERE if entry.worker.shard == worker.shard else Standing.DONE_ELSEWHERE
    if entry.outcome is Outcome.SUCCEEDED and entry.recipe_hash == recipe_hash and file.etag and entry.etag == file.etag:
        return Standing.SKIP
    return Standing.TO_DO


@dataclass(frozen=True)
class Written:
    """An entry, and the bytes that it is written as."""

    entry: LedgerEntry
    content: bytes


class Ledger:
    """Reads and writes entries beside the outputs."""

    def __init__(self, store: Store, bucket: str, prefix: str, source_bucket: str) -> None:
        self._store = store
        self.bucket = bucket
        self._prefix = prefix
        self._source_bucket = source_bucket

    def key(self, source_key: str) -> str:
        """Where the entry of a source object lies."""
        return ledger_key(self._prefix, self._source_bucket, source_key)

    def name(self, source_key: str) -> str:
        """What the entry is called, and the claim on its file: a hash."""
        return self.key(source_key).rpartition("/")[2].removesuffix(".json")

    def folder(self, number: int) -> str:
        """One of the 256 folders of entries: with those whose names begin with `number` in hexadecimal."""
        return ledger_folder(self._prefix, number)

    def packed_key(self, source_prefix: str) -> str:
        """Where the copy of the entries of a source's files lies."""
        return packed_key(self._prefix, self._source_bucket, source_prefix)

    def read(self, source_key: str) -> LedgerEntry | None:
        """The entry, if there is one. One of another version, or damaged, counts as none: the work is done again."""
        written = self.written(source_key)
        return written.entry if written is not None else None

    def written(self, source_key: str) -> Written | None:
        """The same, with the object's content."""
        try:
            return parsed(self._store.get(self.bucket, self.key(source_key)))
        except ObjectMissingError:
            return None

    def write(self, entry: LedgerEntry) -> None:
        """Write the entry, in place of an earlier one."""
        self._store.put(self.bucket, self.key(entry.key), content_of(entry), "application/json")


def parsed(content: bytes) -> Written | None:
    """The entry that an object's content is, or a line of a pack."""
    try:
        entry = LedgerEntry.model_validate_json(content)
    except ValidationError:
        return None
    return Written(entry, content) if entry.version == LEDGER_VERSION else None


def content_of(entry: LedgerEntry) -> bytes:
    """What an entry is written as: one line."""
    return entry.model_dump_json(by_alias=True, exclude_none=True).encode()
