"""Progress reports: stages soon, progress now and then, patience with a server that is busy, and never a reason to stop."""

import time
from collections.abc import Callable, Iterator

import pytest

from transcription_api.report import ShardReport
from transcription_api.runner_config import JobReference
from transcription_api.status import Stage
from transcription_runner.batch.publish import NotReportedError
from transcription_runner.batch.reporter import Reporter
from transcription_runner.batch.reporting_pace import ReportingPace, pods_known
from transcription_runner.batch.sources import SourceFile
from transcription_runner.batch.tally import Tally


@pytest.fixture
def sent() -> list[ShardReport]:
    return []


@pytest.fixture
def tally() -> Tally:
    return Tally(JobReference(namespace="n", name="calls", uid="u", job_name="calls-1"), 0, "pod")


@pytest.fixture
def reporter(sent: list[ShardReport], tally: Tally) -> Iterator[Reporter]:
    made = Reporter(tally, sent.append, ReportingPace(1))
    yield made
    made.close(Stage.FINISHED)


def soon(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 2
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def test_a_change_of_stage_is_sent_at_once(reporter: Reporter, sent: list[ShardReport]) -> None:
    assert soon(lambda: [shard.stage for shard in sent] == ["Starting"])
    reporter.stage(Stage.TRANSCRIBING)
    assert soon(lambda: sent[-1].stage == "Transcribing")


def test_waiting_for_the_store_stands_in_for_the_stage_and_passes(reporter: Reporter, sent: list[ShardReport]) -> None:
    reporter.stage(Stage.TRANSCRIBING)
    reporter.waiting_for_store("connection refused")
    assert soon(lambda: bool(sent) and sent[-1].stage == "WaitingForStore")
    assert sent[-1].message == "connection refused"
    reporter.waiting_for_store(None)
    assert soon(lambda: sent[-1].stage == "Transcribing")


def test_progress_without_a_change_of_stage_waits_its_turn(reporter: Reporter, sent: list[ShardReport], tally: Tally) -> None:
    assert soon(lambda: len(sent) == 1)
    for _ in range(100):
        tally.walked(SourceFile("in/a.wav", 1))
    time.sleep(0.2)
    assert len(sent) == 1


def test_the_last_report_is_sent_before_closing_returns(sent: list[ShardReport], tally: Tally) -> None:
    reporter = Reporter(tally, sent.append, ReportingPace(1))
    tally.walked(SourceFile("in/a.wav", 1))
    reporter.close(Stage.INTERRUPTED)
    assert (sent[-1].stage, sent[-1].files.total) == ("Interrupted", 1)


def test_an_api_server_that_refuses_is_told_once_and_stops_nothing(tally: Tally, caplog: pytest.LogCaptureFixture) -> None:
    def refuse(_: ShardReport) -> None:
        raise ConnectionError("no route to host")

    reporter = Reporter(tally, refuse, ReportingPace(1))
    for stage in list(Stage)[:5]:
        reporter.stage(stage)
        time.sleep(0.02)
    reporter.close(Stage.FINISHED)
    assert caplog.text.count("progress could not be reported") == 1


def test_without_a_cluster_nothing_is_sent(tally: Tally) -> None:
    Reporter(tally, None, ReportingPace(1)).close(Stage.FINISHED)


def hurried(pause: float) -> ReportingPace:
    """A pace for tests: `pause` seconds, whatever happened."""
    pace = ReportingPace(1, lambda: 0.0)
    pace.interval = pause
    return pace


def test_what_could_not_be_sent_is_sent_later_with_all_that_happened_meanwhile(tally: Tally, sent: list[ShardReport]) -> None:
    tries: list[ShardReport] = []

    def refuse_twice(report: ShardReport) -> None:
        tries.append(report)
        if len(tries) < 3:
            raise NotReportedError("429: slow down")
        sent.append(report)

    reporter = Reporter(tally, refuse_twice, hurried(0.05))
    tally.walked(SourceFile("in/a.wav", 1))
    assert soon(lambda: [report.files.total for report in sent] == [1])
    assert reporter.failures == 2
    reporter.close(Stage.FINISHED)


def test_a_server_that_asks_for_patience_gets_it_and_the_last_report_is_tried_all_the_same(
    tally: Tally, sent: list[ShardReport]
) -> None:
    def refuse(report: ShardReport) -> None:
        sent.append(report)
        raise NotReportedError("429: slow down", retry_after=60.0)

    reporter = Reporter(tally, refuse, hurried(0.01))
    assert soon(lambda: len(sent) == 1)
    reporter.stage(Stage.TRANSCRIBING)
    time.sleep(0.2)
    assert len(sent) == 1
    reporter.close(Stage.FINISHED)
    assert [report.stage for report in sent] == ["Starting", "Finished"]


@pytest.mark.parametrize(("pods", "interval"), [(1, 3.0), (18, 3.0), (64, 64 / 6), (256, 256 / 6)])
def test_all_pods_of_a_run_together_report_six_times_a_second_at_most(pods: int, interval: float) -> None:
    pace = ReportingPace(pods)
    assert pace.interval == interval
    assert pods / pace.interval <= 6.001
    assert all(0.9 * interval <= pace.after_success() <= 1.1 * interval for _ in range(100))
    assert all(0 <= pace.after_news() <= (interval if pods > 18 else 0) for _ in range(100))


def test_after_failures_pauses_grow_and_a_success_ends_them() -> None:
    pace = ReportingPace(1, lambda: 0.0)
    assert [pace.after_failure() for _ in range(7)] == [3, 6, 12, 24, 48, 96, 120]
    assert pace.after_failure(300) == 300
    pace.after_success()
    assert pace.after_failure() == 3
    assert pace.after_failure(2) == 6


def test_a_pod_that_came_when_the_run_grew_knows_of_those_before_it() -> None:
    assert (pods_known(8, 3), pods_known(1, 199)) == (8, 200)
