"""How a run ends otherwise than with every file done: reports that are missing, nothing to do, failed files, failed pods."""

import json
from typing import Any

import pytest

from tests.unit.operator.world import Job, a_job, a_running_job, at, container, finished, text
from transcription_api.names import MAX_PARALLELISM
from transcription_api.status import Ignored
from transcription_operator.policies.patience import UNTIL_THE_JOB_ENDS
from transcription_operator.policies.verdict import REPORT_GRACE

DENIED = json.dumps({"reason": "StorageAccessDenied", "message": "the store refuses the credentials"})


def test_late_reports_are_waited_for() -> None:
    job = finished(a_running_job().with_shard(total=2, succeeded=1, stage="Transcribing"))
    plan = job.reconcile(101)
    assert not plan.ends_run
    assert (plan.status, plan.requeue_after) == (None, UNTIL_THE_JOB_ENDS.total_seconds() - 1)
    plan = job.reconcile(106)
    assert plan.status is not None
    assert plan.status["message"] == "the pods are done; their last reports are due"
    assert plan.requeue_after == REPORT_GRACE.total_seconds() - 6
    job.with_shard(total=2, succeeded=2, stage="Finished").reconciled(102)
    assert job.status["files"]["succeeded"] == 2


def test_but_not_for_ever() -> None:
    job = finished(a_running_job()).reconciled(100 + REPORT_GRACE.total_seconds())
    assert job.status["phase"] == "Failed"
    assert job.condition("Failed")["reason"] == "ReportsMissing"
    for place in ("calls/transcripts/_manifest-calls.json", "calls/transcripts/.ledger/", "spec.runId"):
        assert place in job.status["message"]


def test_no_report_of_one_shard_is_no_success_however_good_the_others_are() -> None:
    job = a_running_job(parallelism=2).with_shard(0, total=2, succeeded=2, stage="Finished").with_shard(1, stage="Transcribing")
    job.without_pods().with_pod(0, "Succeeded").with_pod(1, "Succeeded").child_ended("Complete", 100).reconciled(111)
    assert job.condition("Failed")["reason"] == "ReportsMissing"
    assert "no last report of shard 1 arrived" in job.status["message"]
    assert job.status["files"]["succeeded"] == 2, "what is known is told"


def test_a_forged_job_of_a_billion_shards_takes_no_memory_of_the_operator() -> None:
    """`successPolicy` has a Job complete after one of its indexes, however many it asks for."""
    job = a_running_job()
    job.child["spec"]["completions"] = 10**9
    assert job.observed().jobs[0].completions == MAX_PARALLELISM
    assert finished(job).reconciled(111).condition("Failed")["reason"] == "ReportsMissing"


def test_a_shard_whose_pod_is_gone_after_it_was_recorded_has_reported() -> None:
    job = a_running_job(parallelism=2).with_shard(0, total=2, succeeded=1, stage="Finished").with_shard(1, total=2).reconciled(50)
    job.without_pods().with_shard(1, total=2, succeeded=1, stage="Finished").child_ended("Complete", 100).reconciled(101)
    assert (job.status["phase"], job.status["files"]["succeeded"]) == ("Succeeded", 2)


def test_the_manifest_accounts_for_shards_that_never_reported() -> None:
    run = {"files": {"total": 4, "succeeded": 4}, "processedSeconds": 40, "languages": {"en": 4}}
    job = a_running_job(parallelism=2).with_shard(0, total=4, succeeded=1, stage="Finished", manifest="calls/m", run=run)
    finished(job).reconciled(111)
    assert (job.status["phase"], job.status["fileProgress"], job.status["languages"]) == ("Succeeded", "4/4", {"en": 4})


def test_what_a_pod_did_is_known_from_its_last_words_alone() -> None:
    report = {
        "index": 0,
        "jobName": "x",
        "podName": "x",
        "stage": "Finished",
        "files": {"total": 3, "failed": 3},
        "lastUpdateTime": text(at(99)),
    }
    said = json.dumps({"reason": "Finished", "message": "", "report": report})
    ended = container(terminated={"exitCode": 0, "reason": "Completed", "message": said, "finishedAt": text(at(99))})
    job = a_running_job().without_pods().with_pod(0, "Succeeded", **ended).child_ended("Complete", 100).reconciled(101)
    assert job.condition("Failed")["reason"] == "TooManyFailedFiles"
    assert "3 of 3 files failed" in job.status["message"]


def test_every_shard_has_to_report_its_end() -> None:
    job = a_running_job(parallelism=2).with_shard(0, total=2, succeeded=1, stage="Finished")
    assert not finished(job).reconcile(101).ends_run
    job.with_shard(1, total=2, succeeded=1, stage="Finished")
    assert job.reconcile(101).ends_run


def test_an_empty_source_succeeds_and_says_so() -> None:
    job = finished(a_running_job(source={"bucket": "calls", "prefix": "2031/"}).with_shard(stage="Finished")).reconciled(101)
    assert job.condition("Complete")["reason"] == "NoFilesMatched"
    assert "calls/2031/" in job.status["message"]
    assert job.status["progress"] == "100%"


def with_source(found: dict[str, int], *, total: int = 0, **source: object) -> Job:
    """A job that is done with a source of `total` files, and of other objects by the reason why they are none."""
    job = a_running_job(source={"bucket": "calls", "prefix": "2031/", **source})
    return finished(job.with_shard(stage="Finished", ignored=found, total=total, succeeded=total)).reconciled(101)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({}, "nothing to do: there is no object below calls/2031/"),
        (
            {"suffix": 5, "folder": 1},
            "nothing to do: 6 objects seen below calls/2031/, 6 of them passed over "
            "(1 folder markers, 5 without a known audio or video suffix)",
        ),
        (
            {"include": 1},
            "nothing to do: 1 object seen below calls/2031/, 1 of them passed over (1 not matched by source.include)",
        ),
        ({"exclude": 2}, "nothing to do: 2 objects seen below calls/2031/, 2 of them passed over (2 left out by source.exclude)"),
    ],
)
def test_nothing_to_do_is_explained(found: dict[str, int], said: str) -> None:
    job = with_source(found)
    assert (job.status["phase"], job.status["message"]) == ("Succeeded", said)
    assert sum(job.status.get("ignored", {}).values()) == sum(found.values())


@pytest.mark.parametrize("why", Ignored.model_fields)
def test_every_reason_to_pass_an_object_over_has_words_of_its_own(why: str) -> None:
    assert "1 object seen below calls/2031/, 1 of them passed over (1 " in with_source({why: 1}).status["message"]


@pytest.mark.parametrize(("total", "phase"), [(0, "Failed"), (2, "Failed"), (3, "Succeeded")])
def test_fewer_files_than_asked_for_are_a_failure(total: int, phase: str) -> None:
    job = with_source({"suffix": 7}, total=total, minFiles=3)
    assert job.status["phase"] == phase
    if phase == "Failed":
        assert job.condition("Failed")["reason"] == "TooFewFiles"
        assert job.status["message"].startswith(f"{total} files, spec.source.minFiles asks for 3: {total + 7} objects seen below")


def test_of_what_the_shards_passed_over_the_largest_view_counts() -> None:
    job = a_running_job(parallelism=2).with_shard(0, ignored={"suffix": 2}).with_shard(1, ignored={"suffix": 5, "folder": 1})
    assert job.reconciled(60).status["ignored"] == {"folder": 1, "suffix": 5, "include": 0, "exclude": 0, "output": 0}


@pytest.mark.parametrize(("allowed", "phase"), [(0, "Failed"), (1, "Failed"), (2, "Succeeded")])
def test_more_failed_files_than_allowed_fail_the_job(allowed: int, phase: str) -> None:
    job = a_running_job(maxFailedFiles=allowed).with_shard(total=4, succeeded=2, failed=2, stage="Finished")
    finished(job).reconciled(101)
    assert job.status["phase"] == phase
    if phase == "Failed":
        assert job.condition("Failed")["reason"] == "TooManyFailedFiles"
        assert f"2 of 4 files failed, spec.maxFailedFiles allows {allowed}" in job.status["message"]
        assert job.status["message"].endswith("the other files are written")
    assert job.status["progress"] == "100%", "every file has its outcome"


def test_where_every_file_failed_no_other_is_said_to_be_written() -> None:
    job = finished(a_running_job().with_shard(total=2, failed=2, stage="Finished")).reconciled(101)
    assert job.status["message"].endswith("see status.failures; none is written")


def test_a_run_that_fails_on_the_way_is_not_said_to_be_done() -> None:
    job = a_running_job().with_shard(total=4, succeeded=1, audio=(10, 40)).reconciled(70)
    job.without_pods().with_failed_pod(77, DENIED).child_ended("Failed", 100, "PodFailurePolicy").reconciled(103)
    assert job.status["progress"] == "25%"


FINAL = [
    ("an exit code that no retry changes", lambda job: job.with_failed_pod(77, DENIED)),
    ("one failure too many", lambda job: job.asking(backoffLimit=0).with_failed_pod(70, DENIED)),
    ("what the Job controller says", lambda job: job.child_is_failing().with_failed_pod(70, DENIED)),
]


@pytest.mark.parametrize(("what", "fail"), FINAL, ids=[what for what, _ in FINAL])
@pytest.mark.parametrize("phase", ["Running", "Pending"])
def test_no_replacement_is_announced_of_a_pod_whose_failure_ends_the_run(what: str, fail: Any, phase: str) -> None:
    job = a_running_job() if phase == "Running" else a_job().reconciled().with_child(started=0)
    fail(job.without_pods()).reconciled(61)
    assert job.status["phase"] == phase
    assert job.status["message"] == "the run is about to end; StorageAccessDenied: the store refuses the credentials"
    job.child_ended("Failed", 62, "PodFailurePolicy").reconciled(65)
    assert [reason for _, reason in job.events] == ["StorageAccessDenied"]


def test_pods_that_cost_no_retry_do_not_end_the_run() -> None:
    job = a_running_job(backoffLimit=0).without_pods().with_failed_pod(75)
    assert "is being replaced" in job.reconciled(61).status["message"]
    drained = {"type": "DisruptionTarget", "status": "True"}
    job.without_pods().with_pod(0, "Failed", conditions=[drained], reason="Evicted", message="the node is drained")
    assert "is being replaced" in job.reconciled(62).status["message"]


@pytest.mark.parametrize(
    ("job_reason", "expected", "said"),
    [
        ("PodFailurePolicy", "StorageAccessDenied", "the store refuses the credentials"),
        ("BackoffLimitExceeded", "BackoffLimitExceeded", "the last: StorageAccessDenied: the store refuses"),
        ("DeadlineExceeded", "DeadlineExceeded", "spec.activeDeadlineSeconds (60)"),
        ("SomethingNew", "SomethingNew", "as Kubernetes says"),
    ],
)
def test_a_failed_job_says_why(job_reason: str, expected: str, said: str) -> None:
    job = a_running_job(activeDeadlineSeconds=60).without_pods().with_failed_pod(77, DENIED)
    job.child_ended("Failed", 100, job_reason, "as Kubernetes says").reconciled(103)
    assert job.status["phase"] == "Failed"
    assert job.condition("Failed")["reason"] == expected
    assert said in job.status["message"]
    assert job.events[-1] == ("Warning", expected)
    assert job.reconcile(104).settled


def test_a_spec_that_cannot_be_carried_out_fails_without_a_job() -> None:
    job = a_job().asking(source={}).reconciled()
    assert job.condition("Failed")["reason"] == "InvalidSpec"
    assert "spec.source.bucket" in job.status["message"]
    assert job.children == {}
    assert job.reconcile().settled
