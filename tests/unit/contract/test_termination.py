"""Last words: why a pod ended and what it did, in the 4,096 bytes that Kubernetes keeps."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from transcription_api.report import MOST_REPORT_BYTES, RunTotals, ShardReport, read_report
from transcription_api.status import Failure, FileCounts, Stage
from transcription_api.termination import MOST_BYTES, TerminationMessage, read_termination_message

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FAILURES = [Failure(key=f"{n}/" + "ñ" * 500, reason="DamagedAudio", message="m" * 512) for n in range(20)]


def a_report(**more: Any) -> ShardReport:
    fields: dict[str, Any] = {"index": 0, "job_name": "calls-1", "pod_name": "calls-1-0-abcde", "last_update_time": NOW}
    return ShardReport(**{**fields, "stage": Stage.FINISHED, "files": FileCounts(total=9, succeeded=7, failed=2), **more})


def test_a_report_that_is_too_long_loses_the_last_of_its_failures() -> None:
    text = a_report(failures=FAILURES).encoded()
    assert len(text.encode()) <= MOST_REPORT_BYTES
    read = read_report(text)
    assert read is not None
    assert 0 < len(read.failures) < 20
    assert read.failures == FAILURES[: len(read.failures)]
    assert read.files.failed == 2


LANGUAGES = {f"{chr(97 + n // 26)}{chr(97 + n % 26)}": n + 1 for n in range(128)}


@pytest.mark.parametrize(
    ("message", "report"),
    [
        ("short", a_report(failures=FAILURES)),
        ("ñ" * 5000, a_report(failures=FAILURES)),
        ("x" * 5000, a_report(languages=LANGUAGES, run=RunTotals(files=FileCounts(total=9), languages=LANGUAGES))),
        ("", a_report(languages=LANGUAGES, manifest="空" * 1000, pod_name="p" * 253)),
    ],
)
def test_the_counts_arrive_however_much_else_there_is_to_say(message: str, report: ShardReport) -> None:
    encoded = TerminationMessage(reason="StorageUnavailable", message=message, report=report).encoded()
    assert len(encoded) <= MOST_BYTES
    said = read_termination_message(encoded.decode())
    assert said is not None
    assert said.reason == "StorageUnavailable"
    assert message.startswith(said.message)
    assert said.report is not None
    assert said.report.files == report.files


def test_a_message_without_a_report_is_cut_at_its_end() -> None:
    said = read_termination_message(TerminationMessage(reason="X", message="x" * 9000).encoded().decode())
    assert said is not None
    assert 3900 < len(said.message) < MOST_BYTES


@pytest.mark.parametrize("report", [5, "x", {"index": 900}, {**a_report().wire(), "files": {"failed": 10**30}}])
def test_why_it_ended_is_told_although_the_report_makes_no_sense(report: Any) -> None:
    said = read_termination_message(json.dumps({"reason": "BucketNotFound", "message": "gone", "report": report}))
    assert said == TerminationMessage(reason="BucketNotFound", message="gone")


def test_the_end_of_a_log_is_no_message() -> None:
    assert read_termination_message("Traceback (most recent call last)") is None
