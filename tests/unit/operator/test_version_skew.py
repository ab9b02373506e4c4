"""Status that an operator of another version wrote: what can be read is, and a run goes on as the same run."""

from typing import Any

import pytest

from tests.unit.operator.world import Job, a_job, a_running_job, finished
from transcription_operator.plan import StartRun
from transcription_operator.stored_status import read_status


def test_fields_of_a_newer_version_are_ignored_and_left_where_they_are() -> None:
    job = a_running_job().with_shard(total=2, succeeded=1).reconciled(5)
    job.raw["status"] |= {"weather": {"hours": 3}}
    job.raw["status"]["files"]["postponed"] = 1
    plan = job.reconcile(5)
    assert (plan.children, plan.status) == ((), None)


def test_a_status_without_what_later_versions_write_is_brought_up_to_date_and_nothing_is_run_again() -> None:
    job = a_running_job().with_shard(total=2, succeeded=1).reconciled(5)
    for field in ("effective", "fileProgress", "activeSeconds", "gpuSeconds", "accountedUntil", "shards", "model"):
        job.raw["status"].pop(field, None)
    job.reconciled(6)
    assert job.status["fileProgress"] == "1/2"
    assert job.status["effective"]["image"] == "runner:1"
    assert list(job.children) == [job.job_name]


def unreadable(job: Job, **status: Any) -> Job:
    """With values in status that this version has no place for."""
    job.raw["status"].update(status)
    return job


def test_values_that_do_not_fit_cost_figures_but_not_the_run() -> None:
    job = unreadable(a_running_job().with_shard(total=2, succeeded=1).reconciled(5), files={"total": "many"})
    assert read_status(job.raw["status"]).files is None
    assert not [action for action in job.reconcile(6).children if isinstance(action, StartRun)]
    job.reconciled(6)
    assert job.status["files"]["succeeded"] == 1


def test_an_ended_run_whose_figures_do_not_fit_stays_ended() -> None:
    job = unreadable(
        finished(a_running_job().with_shard(total=1, succeeded=1, stage="Finished")).reconciled(100), realTimeFactor="fast"
    )
    plan = job.reconcile(200)
    assert (plan.children, plan.status, plan.settled) == ((), None, True)


def test_a_run_of_unknown_phase_goes_on_as_the_same_run() -> None:
    job = unreadable(a_running_job().reconciled(5), phase="Warming").reconciled(6)
    assert job.status["phase"] == "Running"
    assert list(job.children) == [job.job_name], "no other Job is made"


def test_a_run_whose_end_has_an_unknown_name_stays_ended() -> None:
    job = finished(a_running_job().with_shard(total=1, succeeded=1, stage="Finished")).reconciled(100)
    plan = unreadable(job, phase="Finished").reconcile(200)
    assert plan.children == ()
    assert job.observed().resource.status.phase == "Succeeded"


@pytest.mark.parametrize("asked", [{"tomorrows": True}, {"vad": {"tomorrows": 0.1}}], ids=str)
def test_a_run_that_a_newer_version_began_goes_on_though_its_spec_says_what_this_one_does_not_know(asked: dict[str, Any]) -> None:
    job = a_running_job().with_shard(total=2, succeeded=1).reconciled(5)
    job.raw["spec"].update(asked)
    plan = job.reconcile(6)
    assert (plan.children, plan.status) == ((), None)
    job.asking(parallelism=2).reconciled(7)
    assert (job.status["phase"], job.child["spec"]["parallelism"]) == ("Running", 2)


@pytest.mark.parametrize("asked", [{"tomorrows": True}, {"vad": {"tomorrows": 0.1}}], ids=str)
def test_no_run_begins_that_asks_for_what_this_version_does_not_know(asked: dict[str, Any]) -> None:
    """It would do something else than what was asked for."""
    job = a_job().asking(**asked).reconciled()
    assert (job.status["phase"], job.condition("Failed")["reason"], job.children) == ("Failed", "InvalidSpec", {})
