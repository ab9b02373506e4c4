"""The ledger: what became of each source object. An entry is written after everything that it speaks of."""

from enum import Enum

from pydantic import ValidationError

from transcription_api.ledger import LEDGER_VERSION, LedgerEntry, Outcome, Worker, ledger_key
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


class Ledger:
    """Reads and writes entries beside the outputs."""

    def __init__(self, store: Store, bucket: str, prefix: str, source_bucket: str) -> None:
        self._store = store
        self._bucket = bucket
        self._prefix = prefix
        self._source_bucket = source_bucket

    def key(self, source_key: str) -> str:
        """Where the entry of a source object lies."""
        return ledger_key(self._prefix, self._source_bucket, source_key)

    def read(self, source_key: str) -> LedgerEntry | None:
        """The entry, if there is one. One of another version, or damaged, counts as none: the work is done again."""
        try:
            entry = LedgerEntry.model_validate_json(self._store.get(self._bucket, self.key(source_key)))
        except (ObjectMissingError, ValidationError):
            return None
        return entry if entry.version == LEDGER_VERSION else None

    def write(self, entry: LedgerEntry) -> None:
        """Write the entry, in place of an earlier one."""
        content = entry.model_dump_json(by_alias=True, exclude_none=True).encode()
        self._store.put(self._bucket, self.key(entry.key), content, "application/json")
