"""What a ledger entry says to a run: done is done, failed is tried again by the next run, changed is done again."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.runner.stores import folder_store
from transcription_api.ledger import LedgerEntry, Outcome, Worker
from transcription_runner.batch.ledger import Ledger, Standing, standing
from transcription_runner.batch.sources import SourceFile

THIS_RUN = Worker(job_name="calls-2", shard=1, pod_name="calls-2-1-abcde")
FILE = SourceFile("in/a.wav", 100, "etag-1")


def entry(**more: Any) -> LedgerEntry:
    fields: dict[str, Any] = {
        "bucket": "calls",
        "key": "in/a.wav",
        "etag": "etag-1",
        "recipe_hash": "hash-1",
        "outcome": Outcome.SUCCEEDED,
        "worker": Worker(job_name="calls-1", shard=0, pod_name="p"),
        "finished_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return LedgerEntry.model_validate({**fields, **more})


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, Standing.TO_DO),
        (entry(), Standing.SKIP),
        (entry(etag="etag-2"), Standing.TO_DO),
        (entry(recipe_hash="hash-2"), Standing.TO_DO),
        (entry(outcome=Outcome.FAILED), Standing.TO_DO),
        (entry(worker=THIS_RUN), Standing.DONE_HERE),
        (entry(worker=THIS_RUN, outcome=Outcome.FAILED), Standing.DONE_HERE),
        (entry(worker=THIS_RUN, etag="etag-2"), Standing.DONE_HERE),
        (entry(worker=THIS_RUN.model_copy(update={"shard": 0})), Standing.DONE_ELSEWHERE),
    ],
)
def test_how_a_file_stands(found: LedgerEntry | None, expected: Standing) -> None:
    assert standing(found, FILE, "hash-1", THIS_RUN) is expected


def test_a_restarted_pod_knows_its_own_entries_by_index_not_by_name() -> None:
    before = THIS_RUN.model_copy(update={"pod_name": "calls-2-1-zzzzz"})
    assert standing(entry(worker=before), FILE, "hash-1", THIS_RUN) is Standing.DONE_HERE


def test_a_listed_key_without_an_object_is_never_skipped() -> None:
    assert standing(entry(etag=""), SourceFile("in/a.wav"), "hash-1", THIS_RUN) is Standing.TO_DO


def test_entries_are_read_back(tmp_path: Path) -> None:
    ledger = Ledger(folder_store(tmp_path), "calls", "out/", "calls")
    assert ledger.read("in/a.wav") is None
    ledger.write(entry())
    assert ledger.read("in/a.wav") == entry()


@pytest.mark.parametrize("content", [b"", b"not json", b"{}", b'{"version": "v0"}'])
def test_a_damaged_entry_counts_as_none(tmp_path: Path, content: bytes) -> None:
    store = folder_store(tmp_path)
    ledger = Ledger(store, "calls", "out/", "calls")
    store.put("calls", ledger.key("in/a.wav"), content, "application/json")
    assert ledger.read("in/a.wav") is None
