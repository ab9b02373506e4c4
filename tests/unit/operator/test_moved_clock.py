"""A clock that is moved by hours: nothing is done twice or ends too early, and nobody waits until the clock is right."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.operator.world import Job, a_job, a_running_job, text
from tests.unit.operator.world import at as moment
from transcription_operator.policies.verdict import REPORT_GRACE
from transcription_operator.reconcile import job_to_explain

HOUR = 3600.0
LOOKS = 6
"""At a job that lives as `life` tells."""


def life(moved: list[float]) -> Job:
    """From its first sight to its end, a job looked at six times; `moved` is how wrong the operator's clock is at each look."""
    wrong = iter(moved)
    job = a_job().asking(activeDeadlineSeconds=200_000, pendingDeadlineSeconds=200_000, ttlSecondsAfterFinished=60)
    job.reconciled(0 + next(wrong))
    job.child["metadata"]["creationTimestamp"] = text(moment(0))
    job.child["status"]["startTime"] = text(moment(1))
    job.with_unschedulable_pod("0/1 nodes are available").reconciled(2 + next(wrong))
    job.without_pods().with_running_pod(since=5).reconciled(6 + next(wrong))
    job.with_shard(total=2, succeeded=1, audio=(60, 120), reported=30).reconciled(31 + next(wrong))
    job.with_shard(total=2, succeeded=2, audio=(120, 120), stage="Finished", reported=90).pod_ended(91)
    job.child_ended("Complete", 92).reconciled(93 + next(wrong))
    return job.reconciled(97 + next(wrong))


def outcome(job: Job) -> dict[str, Any]:
    """All that its status says, but for when its conditions changed."""
    conditions = [{name: c[name] for name in ("type", "status", "reason", "message")} for c in job.status["conditions"]]
    return job.status | {"conditions": conditions}


UNDISTURBED = outcome(life([0.0] * LOOKS))


@settings(max_examples=40)
@given(st.lists(st.sampled_from([-12 * HOUR, -HOUR, -3.0, 0.0, 3.0, HOUR, 12 * HOUR]), min_size=LOOKS, max_size=LOOKS))
@example([12 * HOUR, -12 * HOUR] * 3)
def test_however_the_clock_jumps_a_job_has_one_run_and_ends_once_and_with_the_same_figures(moved: list[float]) -> None:
    job = life(moved)
    assert outcome(job) == UNDISTURBED
    assert job.events.count(("Normal", "Succeeded")) == 1
    assert ("Normal", "JobRecreated") not in job.events
    assert [child["spec"]["ttlSecondsAfterFinished"] for child in job.children.values()] == [60]


def ended_without_a_report(how: str) -> Job:
    return a_running_job().without_pods().child_ended(how, 100, "BackoffLimitExceeded")


@pytest.mark.parametrize(("how", "reason"), [("Complete", "ReportsMissing"), ("Failed", "BackoffLimitExceeded")])
def test_last_reports_are_not_waited_for_until_a_slow_clock_is_right(how: str, reason: str) -> None:
    job = ended_without_a_report(how).reconciled(100 - 5 * HOUR)
    assert job.condition("Failed")["reason"] == reason


def test_they_are_waited_for_by_a_clock_that_is_a_few_seconds_slow() -> None:
    job, over = ended_without_a_report("Complete"), 100 + REPORT_GRACE.total_seconds()
    assert [job.reconcile(seconds).ends_run for seconds in (97, over - 1, over)] == [False, False, True]


def test_why_there_is_no_pod_is_looked_up_by_a_slow_clock_too() -> None:
    job = a_job().reconciled().with_child(started=0)
    assert job_to_explain(job.observed(), moment(-5 * HOUR))
    assert job.reconcile(-5 * HOUR).requeue_after == 60


def test_a_clock_that_is_set_back_makes_deadlines_late_and_never_early() -> None:
    running = a_running_job(activeDeadlineSeconds=60, pendingDeadlineSeconds=60).reconciled(-5 * HOUR)
    assert running.status["phase"] == "Running"
    assert running.reconciled(60).condition("Failed")["reason"] == "DeadlineExceeded"
    waiting = a_job().asking(pendingDeadlineSeconds=60).reconciled(0).with_child(started=0).reconciled(-5 * HOUR)
    assert waiting.status["phase"] == "Pending"
    assert waiting.reconciled(60).condition("Failed")["reason"] == "PendingDeadlineExceeded"
