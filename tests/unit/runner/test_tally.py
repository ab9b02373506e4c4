"""What a shard reports: its own results, its view of the whole source, and an estimate that becomes exact."""

from typing import Any

import pytest

from tests.unit.runner.test_ledger import entry
from transcription_api.ledger import LedgerEntry, Outcome, Worker
from transcription_api.report import RunTotals, ShardReport, read_report
from transcription_api.runner_config import JobReference
from transcription_api.status import FileCounts, Ignored, Stage, WordTimes
from transcription_runner.batch.lengths import USUAL_RATES
from transcription_runner.batch.sources import SourceFile
from transcription_runner.batch.tally import Tally


def tally() -> Tally:
    return Tally(JobReference(namespace="n", name="calls", uid="u", job_name="calls-1"), 2, "pod")


def of(size: int, key: str = "in/a.wav") -> SourceFile:
    return SourceFile(key, size)


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
        counts.surveyed(of(100))
    counts.walked(of(100))
    assert report(counts).files.total == 3
    for _ in range(4):
        counts.walked(of(100))
    assert report(counts).files.total == 5


def test_what_is_passed_over_is_counted_by_reason() -> None:
    counts = tally()
    for why in ("suffix", "suffix", "exclude"):
        counts.ignored(why)
    assert report(counts).ignored == Ignored(suffix=2, exclude=1)


def test_the_seconds_of_what_is_not_opened_are_estimated_by_size() -> None:
    counts = tally()
    for size in (100, 100, 200, 400):
        counts.surveyed(of(size))
    assert report(counts).audio_seconds.total == pytest.approx(800 * USUAL_RATES["wav"], abs=1e-3)
    counts.skipped(of(400), 40.0)
    assert report(counts).audio_seconds.total == pytest.approx(40), "what is done teaches what is not"
    counts.opened(of(100), 10.0)
    assert report(counts).audio_seconds.total == pytest.approx(40)
    counts.opened(of(100), 12.0)
    counts.opened(of(200), 30.0)
    assert report(counts).audio_seconds.total == 52


def test_parts_of_files_in_work_count_as_processed_and_are_not_counted_twice() -> None:
    counts = tally()
    counts.opened(of(100), 10.0)
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
    counts.opened(of(100), 10.0)
    counts.going_on("a", 6.0)
    assert counts.report(Stage.INTERRUPTED, "").audio_seconds.processed == 0


def test_long_messages_are_cut_to_what_the_status_takes() -> None:
    counts = tally()
    counts.done(failed("k" * 1024, "m" * 5000))
    assert len(report(counts).failures[0].message) == 512
    assert len(counts.report(Stage.WAITING_FOR_STORE, "x" * 5000).message) == 1024


def test_at_the_end_the_counts_are_the_manifests() -> None:
    counts = tally()
    counts.surveyed(of(100))
    run = RunTotals(files=FileCounts(total=7, succeeded=4, skipped=2, failed=1), processed_seconds=40)
    counts.completed(run, "calls/out/_manifest-calls.json")
    shard = report(counts)
    assert (shard.files.total, shard.files.skipped) == (7, 2)
    assert (shard.manifest, shard.run) == ("calls/out/_manifest-calls.json", run)


def test_the_survey_tells_bytes_those_already_done_and_whether_that_is_all() -> None:
    counts = tally()
    counts.surveyed(of(100))
    counts.surveyed(of(300, "in/b.mp3"))
    counts.skipped(of(100), 10.0)
    seen = report(counts).survey
    assert seen is not None
    assert (seen.bytes, seen.done_bytes, seen.complete) == (400, 100, False)
    counts.saw_all()
    seen = report(counts).survey
    assert seen is not None
    assert seen.complete


def test_a_source_of_more_bytes_than_can_be_told_is_told_as_far_as_can_be() -> None:
    counts = tally()
    counts.surveyed(of(2**60))
    assert read_report(report(counts).encoded()) is not None


def test_how_fast_a_pod_is_rests_on_its_own_work_since_its_first_progress() -> None:
    clock = [100.0]
    counts = Tally(JobReference(namespace="n", name="calls", uid="u", job_name="calls-1"), 2, "pod", lambda: clock[0])
    clock[0] = 160
    counts.working()
    counts.done(done("a"))  # of the pod before it
    assert report(counts).worked is None, "its stages fill"
    mine = Worker(job_name="calls-1", shard=2, pod_name="pod")
    clock[0] = 180
    counts.going_on("b", 6.0)
    clock[0] = 183
    counts.done(done("b", worker=mine))
    clock[0] = 195
    counts.going_on("c", 4.0)
    clock[0] = 300  # nothing to do any more
    worked = report(counts).worked
    assert worked is not None
    assert (worked.audio_seconds, worked.seconds) == (8, 15)
