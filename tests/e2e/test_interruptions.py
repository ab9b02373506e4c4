"""Whatever the moment: operator or runner killed, job deleted, suspended or resumed, the job ends as it should."""

import threading
from typing import Any

import pytest

from tests.e2e.house import Bucket, Job, outputs_of, without_ledger
from tests.e2e.speech import ENGLISH, wav
from tests.integration.kubectl import Kubectl

OPERATOR = "app.kubernetes.io/name=transcription-operator"


def kill_pods(kubectl: Kubectl, selector: str) -> None:
    """End pods without a word of warning."""
    kubectl("delete", "pods", "-l", selector, "--grace-period=0", "--force", "--wait=false")


def scale_operator(operator: Kubectl, replicas: int) -> None:
    operator("scale", "deployment", "-l", OPERATOR, f"--replicas={replicas}")
    if replicas:
        operator("rollout", "status", "deployment", "-l", OPERATOR, "--timeout=90s")
    else:
        operator("wait", "--for=delete", "pod", "-l", OPERATOR, "--timeout=60s")


FILES = 200
"""A runner does some ten of them in a second."""


@pytest.fixture
def calls(bucket: Bucket) -> list[str]:
    """Enough files for something to happen in the middle."""
    keys = [f"{number:03}.wav" for number in range(FILES)]
    speech = wav("please confirm the order number seven four two", **ENGLISH)
    for key in keys:
        bucket.put(key, speech)
    return keys


def transcript_dates(bucket: Bucket) -> dict[str, Any]:
    dates = bucket.dates("transcripts/")
    return {key: dates[key] for key in without_ledger(set(dates))}


def test_the_operator_may_be_killed_while_jobs_are_created_and_while_they_run(
    operator: Kubectl, kubectl: Kubectl, bucket: Bucket
) -> None:
    names = [f"burst-{number}" for number in range(6)]
    stop = threading.Event()

    def keep_killing() -> None:
        while not stop.wait(3):
            kill_pods(operator, OPERATOR)

    killer = threading.Thread(target=keep_killing)
    killer.start()
    try:
        jobs = [Job.apply(kubectl, name, source={"bucket": bucket.name, "prefix": f"{name}/"}) for name in names]
        stop.wait(15)
    finally:
        stop.set()
        killer.join()
    for job in jobs:
        job.succeeded(400)
        assert len(job.children()) == 1


def test_a_killed_runner_costs_only_the_file_in_flight(kubectl: Kubectl, bucket: Bucket, calls: list[str]) -> None:
    job = Job.apply(kubectl, "killed", source={"bucket": bucket.name}, language="en")
    job.wait(lambda status: status.get("files", {}).get("succeeded", 0) >= 3)
    before = transcript_dates(bucket)
    done = {entry for entry in before if entry.endswith(".json")}
    kill_pods(kubectl, f"transcription.whisperx.dev/job-uid={job.uid()}")

    status = job.succeeded(300)
    assert status["files"] == {"total": FILES, "succeeded": FILES, "skipped": 0, "failed": 0}
    assert without_ledger(bucket.keys("transcripts/")) == outputs_of(calls)
    after = transcript_dates(bucket)
    again = [key for key in done if after[key] != before[key]]
    assert len(again) <= 2, f"done again: {again}"


def test_a_suspended_job_stops_and_goes_on_where_it_was(kubectl: Kubectl, bucket: Bucket, calls: list[str]) -> None:
    job = Job.apply(kubectl, "suspended", source={"bucket": bucket.name}, language="en")
    job.wait(lambda status: status.get("files", {}).get("succeeded", 0) >= 3)
    job.patch(suspend=True)
    job.wait(lambda status: status["phase"] == "Suspended" and not job.pods(), 90)
    assert job.condition("Suspended")["status"] == "True"
    before = transcript_dates(bucket)
    assert 0 < len(before) < 5 * FILES, "the job was over before it could be suspended"

    job.patch(suspend=False)
    status = job.succeeded(300)
    assert status["files"] == {"total": FILES, "succeeded": FILES, "skipped": 0, "failed": 0}
    after = transcript_dates(bucket)
    assert {key: after[key] for key in before} == before
    assert len(job.children()) == 1


def test_a_job_created_suspended_starts_only_when_resumed(kubectl: Kubectl, bucket: Bucket) -> None:
    bucket.put("one.wav", wav("the account is ready", **ENGLISH))
    job = Job.apply(kubectl, "asleep", source={"bucket": bucket.name}, suspend=True)
    job.wait(lambda status: status.get("phase") == "Suspended", 30)
    assert job.pods() == []
    job.patch(suspend=False)
    assert job.succeeded()["files"]["succeeded"] == 1


def test_a_job_can_be_deleted_with_the_operator_away_and_leaves_nothing(
    operator: Kubectl, kubectl: Kubectl, bucket: Bucket, calls: list[str]
) -> None:
    job = Job.apply(kubectl, "deleted", source={"bucket": bucket.name})
    job.wait(lambda status: status.get("phase") == "Running")
    selector = f"transcription.whisperx.dev/job-uid={job.uid()}"
    scale_operator(operator, 0)
    try:
        kubectl("delete", "tsj", "deleted", "--timeout=30s")
        for kind in ("jobs.batch", "pods"):
            kubectl("wait", "--for=delete", kind, "-l", selector, "--timeout=90s")
            assert kubectl.get(kind, "-l", selector)["items"] == []
    finally:
        scale_operator(operator, 1)


def test_a_deadline_ends_a_job_that_takes_too_long(kubectl: Kubectl, bucket: Bucket, calls: list[str]) -> None:
    job = Job.apply(kubectl, "late", source={"bucket": bucket.name}, activeDeadlineSeconds=1)
    assert job.finished(120)["phase"] == "Failed"
    assert job.condition("Failed")["reason"] == "DeadlineExceeded"


def test_the_child_job_goes_after_its_time_and_the_result_stays(kubectl: Kubectl, bucket: Bucket) -> None:
    job = Job.apply(kubectl, "short-lived", source={"bucket": bucket.name, "prefix": "none/"}, ttlSecondsAfterFinished=1)
    job.succeeded()
    selector = f"transcription.whisperx.dev/job-uid={job.uid()}"
    kubectl("wait", "--for=delete", "jobs.batch", "-l", selector, "--timeout=60s")
    assert job.status()["phase"] == "Succeeded"
    assert job.children() == []
