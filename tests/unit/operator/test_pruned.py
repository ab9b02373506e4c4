"""A CRD that is older than the operator: the fields that it drops are found, left out, and tried again later."""

from dataclasses import replace
from typing import Any

import pytest

from transcription_operator.plan import EventRecord, Plan
from transcription_operator.pruned import Pruned


def test_what_the_answer_lacks_is_left_out_from_then_on_and_told_once() -> None:
    pruned = Pruned()
    patch = {"phase": "Running", "fileProgress": "1/2", "files": {"total": 2, "newer": {"a": 1}}}
    stored = {"phase": "Running", "files": {"total": 2}, "message": "from before"}
    assert pruned.held_back(Plan(status=patch)).status == patch
    assert pruned.learn(patch, stored) == ["status.fileProgress", "status.files.newer"]
    assert pruned.learn(patch, stored) == []
    assert pruned.held_back(Plan(status=patch)).status == {"phase": "Running", "files": {"total": 2}}


def test_a_write_that_would_bring_nothing_else_is_not_made() -> None:
    pruned = Pruned()
    pruned.learn({"fileProgress": "1/2", "files": {"newer": 1}}, {"files": {}})
    patch = {"fileProgress": "2/2", "files": {"newer": 2}}
    plan = Plan(status=patch, events=(EventRecord("Normal", "Started", ""),), requeue_after=7)
    assert pruned.held_back(plan) == Plan(requeue_after=7)
    assert pruned.held_back(replace(plan, requeue_after=0.0)) == Plan(), "to look again at once would be a hot loop"


@pytest.mark.parametrize("nothing", [None, {}, []])
def test_what_was_to_be_taken_away_or_is_empty_is_not_missed(nothing: Any) -> None:
    assert Pruned().learn({"message": nothing}, {}) == []


def test_what_a_run_is_known_by_is_told_but_never_left_out() -> None:
    pruned = Pruned()
    patch = {"phase": "Pending", "runId": "2", "jobName": "x", "observedGeneration": 1, "effective": {"image": "x"}}
    assert pruned.learn(patch, {"phase": "Pending", "runId": "2", "jobName": "x", "observedGeneration": 1}) == [
        "status.effective"
    ]
    assert pruned.held_back(Plan(status=patch)).status == patch


def test_all_is_tried_again_after_a_listing() -> None:
    pruned = Pruned()
    pruned.learn({"fileProgress": "1/2"}, {})
    pruned.forget()
    assert pruned.held_back(Plan(status={"fileProgress": "2/2"})).status == {"fileProgress": "2/2"}
