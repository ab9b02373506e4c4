"""backoffLimitPerIndex: a shard that fails for good costs the run nothing, as long as another is left to do its files."""

import json
from typing import Any

import pytest

from tests.unit.operator.world import Job, a_running_job
from transcription_operator.observed import read_job
from transcription_operator.policies.failed_shards import failed_for_good
from transcription_operator.policies.verdict import REPORT_GRACE

DEAD = json.dumps({"reason": "DeviceFailed", "message": "CUDA error: uncorrectable ECC error"})


def two_shards(**spec: Any) -> Job:
    """Two pods at work on ten files; the second one's GPU is dead for good."""
    job = a_running_job(parallelism=2, backoffLimitPerIndex=1, **spec)
    job.with_failed_pod(70, DEAD, index=1).with_failed_pod(70, DEAD, index=1)
    return job.with_shard(0, total=10, succeeded=4).with_failed_indexes("1")


def over(job: Job) -> Job:
    return job.child_ended("Failed", 100, "FailedIndexes", "Job has failed indexes")


def test_a_shard_that_is_given_up_is_told_while_the_others_go_on() -> None:
    job = two_shards().reconciled(60)
    assert job.status["phase"] == "Running"
    assert (
        "shard 1 failed for good (DeviceFailed: CUDA error: uncorrectable ECC error), the others do its files"
        in job.status["message"]
    )


def test_the_run_has_succeeded_when_the_others_did_its_files() -> None:
    job = over(two_shards().with_shard(0, total=10, succeeded=10, stage="Finished")).reconciled(101)
    assert (job.status["phase"], job.condition("Complete")["reason"]) == ("Succeeded", "Completed")
    assert job.status["message"].startswith("10 transcribed, 0 already done, 0 failed, of 10 files; shard 1 failed for good")
    assert job.status["message"].endswith("the others did its files")
    assert job.child["spec"]["ttlSecondsAfterFinished"] == 3600
    assert job.reconcile(102).settled


def test_what_a_dead_shard_did_before_is_known_from_the_manifest() -> None:
    run = {"files": {"total": 10, "succeeded": 10}, "processedSeconds": 100, "languages": {"en": 10}}
    job = two_shards().with_shard(0, total=10, succeeded=7, stage="Finished", manifest="calls/m", run=run)
    assert over(job).reconciled(101).status["phase"] == "Succeeded"


def test_too_many_failed_files_fail_it_all_the_same() -> None:
    job = over(two_shards().with_shard(0, total=10, succeeded=9, failed=1, stage="Finished")).reconciled(101)
    assert job.condition("Failed")["reason"] == "TooManyFailedFiles"


def test_the_last_reports_are_waited_for() -> None:
    job = over(two_shards())
    assert job.reconcile(101).requeue_after == REPORT_GRACE.total_seconds() - 1
    job.with_shard(0, total=10, succeeded=10, stage="Finished").reconciled(105)
    assert job.status["phase"] == "Succeeded"


def test_a_run_whose_shards_all_failed_has_failed_and_says_why() -> None:
    job = two_shards().without_pods().with_failed_pod(70, DEAD, index=0).with_failed_pod(70, DEAD, index=1)
    over(job.with_failed_indexes("0-1")).reconciled(111)
    assert job.condition("Failed")["reason"] == "FailedIndexes"
    assert job.status["message"] == (
        "shard 0-1 failed more often than spec.backoffLimitPerIndex allows, and files are left; "
        "the last: DeviceFailed: CUDA error: uncorrectable ECC error"
    )


def test_an_empty_source_is_no_failure_because_of_a_dead_gpu() -> None:
    job = over(two_shards().with_shard(0, stage="Finished", succeeded=0, total=0)).reconciled(101)
    assert job.status["phase"] == "Succeeded"


def test_no_number_of_failed_pods_together_ends_such_a_run() -> None:
    job = a_running_job(parallelism=4, backoffLimit=0, backoffLimitPerIndex=1).without_pods()
    for index in range(4):
        job.with_failed_pod(70, DEAD, index=index)
    assert "is being replaced" in job.reconciled(61).status["message"]


def test_of_a_shard_that_is_given_up_no_replacement_is_announced() -> None:
    job = a_running_job(parallelism=2, backoffLimitPerIndex=0).without_pods().with_failed_pod(70, DEAD, index=1)
    assert "is being replaced" not in job.with_failed_indexes("1").reconciled(61).status["message"]


@pytest.mark.parametrize(("said", "shards"), [("", set()), ("3", {3}), ("0,3-5", {0, 3, 4, 5}), ("254-999999", {254, 255})])
def test_indexes_are_read_as_kubernetes_writes_them(said: str, shards: set[int]) -> None:
    job = a_running_job().with_failed_indexes(said)
    assert failed_for_good(read_job(job.child)) == shards
