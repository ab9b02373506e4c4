"""What is read from a pod: its numbers, if they can be; who it is, from the pod object alone; and never an exception."""

import json
from typing import Any

import pytest

from tests.unit.operator.world import at, text
from transcription_api.names import ANNOTATION_REPORT
from transcription_api.report import MOST_REPORT_BYTES, ShardReport, read_report
from transcription_operator.pod_report import attributed, completion_index, last_report


def a_report(**fields: Any) -> dict[str, Any]:
    usual = {"index": 0, "jobName": "calls-1", "podName": "calls-1-0-abcde", "lastUpdateTime": text(at(60))}
    return {**usual, "stage": "Transcribing", "files": {"total": 9, "succeeded": 2}, **fields}


def annotated(**fields: Any) -> dict[str, str]:
    return {ANNOTATION_REPORT: json.dumps(a_report(**fields))}


def last_words(**fields: Any) -> str:
    return json.dumps({"reason": "Finished", "message": "", "report": a_report(**fields)})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[1, 2]",
        "null",
        "{" * 10_000,
        json.dumps(a_report(files={"succeeded": -1})),
        json.dumps(a_report(files={"succeeded": 10**30})),
        json.dumps(a_report(audioSeconds={"processed": 1e300})),
        json.dumps(a_report(audioSeconds={"processed": float("inf")})),
        json.dumps(a_report(wordTimes={"words": 10**30})),
        json.dumps(a_report(run={"files": {"total": 10**30}})),
        json.dumps(a_report(index=10**9)),
        json.dumps(a_report(lastUpdateTime="9999-12-31T23:59:59-12:00")),
        json.dumps(a_report(lastUpdateTime="yesterday")),
        json.dumps(a_report(stage="Resting")),
        json.dumps(a_report(failures=[{"key": str(n), "reason": "X"} for n in range(21)])),
        json.dumps(a_report(message="x" * 1025)),
        json.dumps(a_report(message="x" * MOST_REPORT_BYTES)),
        json.dumps(a_report(languages={"en": "many"})),
        json.dumps(a_report(message="\ud800")),
    ],
)
def test_what_is_no_report_is_none(text: str) -> None:
    assert read_report(text) is None
    assert last_report({ANNOTATION_REPORT: text}, None) is None


def test_languages_are_what_looks_like_one_and_no_more_than_there_are() -> None:
    codes = {f"{chr(97 + n // 26)}{chr(97 + n % 26)}": n + 1 for n in range(600 // 26 * 26)}
    report = read_report(json.dumps(a_report(languages={"en": 5, "yue": 1, "zh-Hant": 1, "<script>": 7, "e" * 300: 1, "de": -3})))
    assert report is not None
    assert report.languages == {"en": 5, "yue": 1, "zh-Hant": 1}
    many = ShardReport.model_validate(a_report(languages=codes))
    assert len(many.languages) == 128


def test_the_later_of_annotation_and_last_words_counts() -> None:
    later = last_report(annotated(files={"succeeded": 1}), last_words(files={"succeeded": 3}, lastUpdateTime=text(at(70))))
    assert later is not None
    assert later.files.succeeded == 3
    tie = last_report(annotated(files={"succeeded": 1}), last_words(files={"succeeded": 3}))
    assert tie is not None
    assert tie.files.succeeded == 3
    stale = last_report(annotated(files={"succeeded": 4}, lastUpdateTime=text(at(99))), last_words(files={"succeeded": 3}))
    assert stale is not None
    assert stale.files.succeeded == 4


def test_what_the_last_words_had_no_room_for_is_taken_from_the_annotation() -> None:
    failures = [{"key": "a.wav", "reason": "DamagedAudio"}]
    report = last_report(annotated(failures=failures), last_words(lastUpdateTime=text(at(70))))
    assert report is not None
    assert [failure.key for failure in report.failures] == ["a.wav"]


def test_last_words_that_are_none_or_whose_report_makes_no_sense_do_no_harm() -> None:
    assert last_report({}, "Traceback (most recent call last)") is None
    assert last_report({}, json.dumps({"reason": "Finished", "report": {"index": "x"}})) is None
    assert last_report(annotated(), last_words(files={"succeeded": 10**30})) == read_report(annotated()[ANNOTATION_REPORT])


def test_who_reports_is_what_the_pod_object_says() -> None:
    claimed = read_report(json.dumps(a_report(index=3, jobName="another", podName="another-3-abcde")))
    report = attributed(claimed, 1, "calls-1", "calls-1-1-abcde")
    assert report is not None
    assert (report.index, report.job_name, report.pod_name) == (1, "calls-1", "calls-1-1-abcde")
    assert attributed(claimed, None, "calls-1", "calls-1-1-abcde") is None


@pytest.mark.parametrize(("label", "index"), [("0", 0), ("255", 255), ("256", None), ("-1", None), ("²", None), ("x", None)])
def test_an_index_is_a_number_that_a_run_can_have(label: str, index: int | None) -> None:
    assert completion_index({"batch.kubernetes.io/job-completion-index": label}, {}) == index
