"""What a shard reports: its own results, its view of the whole source, and an estimate that becomes exact."""

from typing import Any

import pytest

from tests.unit.runner.test_ledger import entry
from transcription_api.ledger import LedgerEntry, Outcome
from transcription_api.report import RunTotals, ShardReport
from transcription_api.runner_config import JobReference
from transcription_api.status import FileCounts, Ignored, Stage, WordTimes
from transcription_runner.batch.tally import Tally


def tally() -> Tally:
    return Tally(JobReference(namespace="n", name="calls", uid="u", job_name="calls-1"), 2, "pod")


def report(counts: Tally) -> ShardReport:
    return counts.report(Stage.TRANSCRIBING, "")


def done(key: str, **more: Any) -> LedgerEntry:
    return entry(key=key, **{"audio_seconds": 10.0, "language": "es", **more})


def failed(key: str, message: str = "no") -> LedgerEntry:
    return done(key, outcome=Outcome.FAILED, reason="DamagedAudio", message=message, language=None)


def test_it_counts_what_was_done_by_outcome_and_language() -> None:
    counts = tally()
    for key in ("a", "b"):
        counts.done(done(key))
    counts.done(failed("c"))
    shard = report(counts)
    assert (shard.files.succeeded, shard.files.failed) == (2, 1)
    assert shard.languages == {"es": 2}
    assert [(failure.key, failure.reason) for failure in shard.failures] == [("c", "DamagedAudio")]
    assert shard.audio_seconds.processed == 20


def test_it_counts_where_word_times_come_from_and_leaves_out_files_without_words() -> None:
    counts = tally()
    counts.done(done("a", segments=2, words=20, estimated_words=1, alignment="ctc"))
    counts.done(done("b", segments=1, words=5, alignment="attention"))
    counts.done(done("c", segments=1, words=7))
    counts.done(done("silence"))
    counts.done(failed("d"))
    assert report(counts).word_times == WordTimes(ctc=1, attention=1, none=1, words=32, estimated=1)


def test_the_total_is_the_survey_until_the_walk_is_further() -> None:
    counts = tally()
    for _ in range(3):
        counts.surveyed(100)
    counts.walked(100)
    assert report(counts).files.total == 3
    for _ in range(4):
        counts.walked(100)
    assert report(counts).files.total == 5


def test_what_is_passed_over_is_counted_by_reason() -> None:
    counts = tally()
    for why in ("suffix", "suffix", "exclude"):
        counts.ignored(why)
    assert report(counts).ignored == Ignored(suffix=2, exclude=1)


def test_the_seconds_of_what_is_not_opened_are_estimated_by_size() -> None:
    counts = tally()
    for size in (100, 100, 200, 400):
        counts.surveyed(size)
    counts.skipped(400)
    assert report(counts).audio_seconds.total == 0
    counts.opened(100, 10.0)
    assert report(counts).audio_seconds.total == pytest.approx(40)
    counts.opened(100, 12.0)
    counts.opened(200, 30.0)
    assert report(counts).audio_seconds.total == 52


def test_parts_of_files_in_work_count_as_processed_and_are_not_counted_twice() -> None:
    counts = tally()
    counts.opened(100, 10.0)
    counts.going_on("a", 6.0)
    assert report(counts).audio_seconds.processed == 6
    counts.done(done("a"))
    assert report(counts).audio_seconds.processed == 10
    counts.going_on("b", 3.0)
    counts.dropped("b")
    assert report(counts).audio_seconds.processed == 10


def test_the_first_twenty_failures_are_listed_and_all_are_counted() -> None:
    counts = tally()
    for number in range(30):
        counts.done(failed(str(number)))
    shard = report(counts)
    assert len(shard.failures) == 20
    assert shard.files.failed == 30


def test_once_it_is_over_nothing_is_in_work() -> None:
    counts = tally()
    counts.opened(100, 10.0)
    counts.going_on("a", 6.0)
    assert counts.report(Stage.INTERRUPTED, "").audio_seconds.processed == 0


def test_long_messages_are_cut_to_what_the_status_takes() -> None:
    counts = tally()
    counts.done(failed("k" * 1024, "m" * 5000))
    assert len(report(counts).failures[0].message) == 512
    assert len(counts.report(Stage.WAITING_FOR_STORE, "x" * 5000).message) == 1024


def test_at_the_end_the_counts_are_the_manifests() -> None:
    counts = tally()
    counts.surveyed(100)
    run = RunTotals(files=FileCounts(total=7, succeeded=4, skipped=2, failed=1), processed_seconds=40)
    counts.completed(run, "calls/out/_manifest-calls.json")
    shard = report(counts)
    assert (shard.files.total, shard.files.skipped) == (7, 2)
    assert (shard.manifest, shard.run) == ("calls/out/_manifest-calls.json", run)
