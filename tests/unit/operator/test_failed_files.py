"""More failed files than allowed: the run stops as soon as it can only fail, and no sooner."""

from typing import Any

import pytest

from tests.unit.operator.world import Job, a_running_job


def with_failed(failed: int, **spec: Any) -> Job:
    """A job that has begun on ten files, transcribed three, and lost `failed`."""
    return a_running_job(**spec).with_shard(total=10, succeeded=3, failed=failed, skipped=1)


def test_a_run_that_has_passed_the_limit_is_stopped_and_its_pods_go() -> None:
    job = with_failed(2, maxFailedFiles=1).reconciled(60)
    assert (job.status["phase"], job.condition("Failed")["reason"]) == ("Failed", "TooManyFailedFiles")
    assert (job.children, job.pods) == ({}, {})
    assert job.events[-1] == ("Warning", "TooManyFailedFiles")
    assert job.reconcile(61).settled


def test_what_was_done_what_was_not_and_how_to_go_on_is_said() -> None:
    message = with_failed(2, maxFailedFiles=1).reconciled(60).status["message"]
    assert message.startswith("2 files failed, spec.maxFailedFiles allows 1: see status.failures. ")
    assert "Stopped with 4 of the 10 files found so far not done; what is written stays" in message
    assert "raise spec.maxFailedFiles" in message
    assert "another spec.runId" in message


def test_the_failed_files_of_all_shards_count_together() -> None:
    job = a_running_job(parallelism=2, maxFailedFiles=1).with_shard(0, total=9, failed=1).with_shard(1, total=9)
    assert job.reconciled(60).status["phase"] == "Running"
    assert job.with_shard(1, total=9, failed=1).reconciled(61).status["phase"] == "Failed"


@pytest.mark.parametrize("spec", [{}, {"maxFailedFiles": 2}])
def test_without_a_limit_or_within_it_every_file_is_tried(spec: dict[str, int]) -> None:
    assert with_failed(2, **spec).reconciled(60).status["phase"] == "Running"


def test_zero_stops_at_the_first_failed_file() -> None:
    assert with_failed(1, maxFailedFiles=0).reconciled(60).status["phase"] == "Failed"


def test_a_limit_that_is_raised_in_time_lets_the_run_go_on() -> None:
    job = with_failed(1, maxFailedFiles=1).reconciled(60)
    job.asking(maxFailedFiles=5).with_shard(total=10, succeeded=3, failed=4).reconciled(61)
    assert job.status["phase"] == "Running"


def test_a_run_with_nothing_left_to_stop_writes_its_manifest_and_ends_by_itself() -> None:
    job = a_running_job(maxFailedFiles=1).with_shard(total=5, succeeded=3, failed=2)
    assert job.reconciled(60).status["phase"] == "Running"
    assert job.children


def test_a_suspended_run_is_not_judged_but_does_not_start_again() -> None:
    job = with_failed(1, maxFailedFiles=1).reconciled(60).asking(suspend=True).reconciled(61)
    job.with_shard(total=10, succeeded=3, failed=2).without_pods().asking(maxFailedFiles=0).reconciled(62)
    assert job.status["phase"] == "Suspended"
    job.asking(suspend=False).reconciled(63)
    assert (job.status["phase"], job.children) == ("Failed", {})


def test_a_raised_limit_and_another_run_go_on() -> None:
    job = with_failed(2, maxFailedFiles=1).reconciled(60).asking(maxFailedFiles=9, runId="2").reconciled(61)
    assert (job.status["phase"], list(job.children)) == ("Pending", [job.job_name])


def test_the_time_of_the_gpu_counts_up_to_the_stop() -> None:
    assert with_failed(2, maxFailedFiles=1).reconciled(60).status["gpuSeconds"] == 60
