"""A store that no pod ever reached: a second try, and then no further pod holds a GPU for it."""

import json

from tests.unit.operator.world import Job, a_job, a_running_job

NEVER = json.dumps({"reason": "StorageUnreachable", "message": "http://nowhere:9000 cannot be reached: Connection refused"})


def failed(job: Job, *messages: str) -> Job:
    for number, message in enumerate(messages):
        job.with_failed_pod(69, message, when=60 + number)
    return job


def test_one_pod_that_never_reached_the_store_is_replaced() -> None:
    job = failed(a_running_job().without_pods(), NEVER).reconciled(61)
    assert (job.status["phase"], job.condition("Running")["reason"]) == ("Running", "PodFailed")


def test_the_second_is_the_last_and_the_job_goes() -> None:
    job = failed(a_running_job().without_pods(), NEVER, NEVER).reconciled(130)
    failure = job.condition("Failed")
    assert (failure["reason"], failure["message"]) == (
        "StorageUnreachable",
        "http://nowhere:9000 cannot be reached: Connection refused",
    )
    assert (job.children, job.pods) == ({}, {})
    assert ("Warning", "StorageUnreachable") in job.events


def test_each_of_several_shards_may_fail_once() -> None:
    job = failed(a_running_job(parallelism=3).without_pods(), NEVER, NEVER, NEVER).reconciled(61)
    assert job.status["phase"] == "Running"
    assert failed(job, NEVER).reconciled(130).status["phase"] == "Failed"


def test_a_store_that_was_reached_once_keeps_its_patience() -> None:
    job = failed(a_running_job().without_pods().with_shard(total=3), NEVER, NEVER).reconciled(130)
    assert job.status["phase"] == "Running"


def test_other_failures_do_not_count() -> None:
    lost = json.dumps({"reason": "StorageUnavailable", "message": "gave up after 300 s"})
    assert failed(a_running_job().without_pods(), NEVER, lost).reconciled(130).status["phase"] == "Running"


def test_a_job_that_nobody_has_looked_at_yet_has_no_such_pods() -> None:
    assert a_job().reconciled().status["phase"] == "Pending"
