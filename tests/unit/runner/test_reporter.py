"""Progress reports: stages at once, progress now and then, and never a reason to stop."""

import time
from collections.abc import Callable, Iterator

import pytest

from transcription_api.runner_config import JobReference
from transcription_api.status import ShardReport, Stage
from transcription_runner.batch.reporter import Reporter
from transcription_runner.batch.tally import Tally


@pytest.fixture
def sent() -> list[ShardReport]:
    return []


@pytest.fixture
def tally() -> Tally:
    return Tally(JobReference(namespace="n", name="calls", uid="u", job_name="calls-1"), 0, "pod")


@pytest.fixture
def reporter(sent: list[ShardReport], tally: Tally) -> Iterator[Reporter]:
    made = Reporter(tally, sent.append)
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
        tally.walked(1)
    time.sleep(0.2)
    assert len(sent) == 1


def test_the_last_report_is_sent_before_closing_returns(sent: list[ShardReport], tally: Tally) -> None:
    reporter = Reporter(tally, sent.append)
    tally.walked(1)
    reporter.close(Stage.INTERRUPTED)
    assert (sent[-1].stage, sent[-1].files.total) == ("Interrupted", 1)


def test_an_api_server_that_refuses_is_told_once_and_stops_nothing(tally: Tally, caplog: pytest.LogCaptureFixture) -> None:
    def refuse(_: ShardReport) -> None:
        raise ConnectionError("no route to host")

    reporter = Reporter(tally, refuse)
    for stage in list(Stage)[:5]:
        reporter.stage(stage)
        time.sleep(0.02)
    reporter.close(Stage.FINISHED)
    assert caplog.text.count("progress could not be reported") == 1


def test_without_a_cluster_nothing_is_sent(tally: Tally) -> None:
    Reporter(tally, None).close(Stage.FINISHED)
