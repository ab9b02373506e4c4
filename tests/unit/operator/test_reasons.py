"""Why pods do not start, and why they failed: told in words that say what to do."""

import json

import pytest

from tests.unit.operator.world import Job, a_job, a_running_job
from transcription_operator.policies.failure import last_cause
from transcription_operator.policies.obstacle import obstacle


@pytest.mark.parametrize(
    ("reason", "message", "expected", "said"),
    [
        ("CreateContainerConfigError", 'secret "minio-credentials" not found', "SecretNotFound", "accessKey and secretKey"),
        (
            "CreateContainerConfigError",
            "couldn't find key secretKey in Secret team/minio-credentials",
            "SecretKeyNotFound",
            "Secret minio-credentials in namespace team has no key secretKey",
        ),
        ("ImagePullBackOff", 'Back-off pulling image "runner:1"', "ImagePullFailed", "runner:1"),
        ("ErrImagePull", "not found", "ImagePullFailed", "not found"),
        ("CreateContainerError", "no such device", "ContainerNotStarted", "CreateContainerError: no such device"),
    ],
)
def test_the_kubelets_words_are_translated(reason: str, message: str, expected: str, said: str) -> None:
    found = obstacle(a_job().with_waiting_pod(reason, message).observed().pods)
    assert found is not None
    assert found.reason == expected
    assert said in found.message


def test_the_schedulers_words_are_kept() -> None:
    message = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
    found = obstacle(a_job().with_unschedulable_pod(message).observed().pods)
    assert found is not None
    assert (found.reason, found.message) == ("Unschedulable", message)


def test_a_claim_template_that_is_missing_is_named_since_no_scheduler_looks_at_the_pod() -> None:
    job = a_job().with_pod(0, "Pending")
    (pod,) = job.pods.values()
    pod["spec"] = {"resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "one-gpu"}]}
    found = obstacle(job.observed().pods)
    assert found is not None
    assert found.reason == "ClaimNotMade"
    assert "is there a ResourceClaimTemplate one-gpu in namespace team?" in found.message
    pod["status"]["resourceClaimStatuses"] = [{"name": "gpu", "resourceClaimName": "x"}]
    assert obstacle(job.observed().pods) is None


def test_a_pod_that_just_starts_has_no_obstacle() -> None:
    assert obstacle(a_job().with_waiting_pod("ContainerCreating").observed().pods) is None
    assert obstacle(a_job().with_running_pod().observed().pods) is None


def cause(job: Job) -> tuple[str, str]:
    found = last_cause(job.observed().pods)
    assert found is not None
    return found.reason, found.message


def test_the_runners_own_word_counts_most() -> None:
    said = json.dumps({"reason": "BucketNotFound", "message": "bucket calls does not exist"})
    assert cause(a_job().with_failed_pod(77, said)) == ("BucketNotFound", "bucket calls does not exist")


def test_without_it_the_exit_code_and_the_log_speak() -> None:
    reason, message = cause(a_job().with_failed_pod(69, "Traceback ..."))
    assert reason == "StoreUnavailable"
    assert "exit code 69: Traceback" in message
    assert cause(a_job().with_failed_pod(1, "no json"))[0] == "RunnerFailed"
    assert cause(a_job().with_failed_pod(1, '{"reason": "not a word!"}'))[0] == "RunnerFailed"
    assert cause(a_job().with_failed_pod(1, '["a list"]'))[0] == "RunnerFailed"


def test_memory_is_named() -> None:
    reason, message = cause(a_job().with_failed_pod(137, reason="OOMKilled"))
    assert reason == "OutOfMemory"
    assert "compute.resources.limits.memory" in message


def test_a_pod_that_failed_as_a_whole_says_so() -> None:
    job = a_job().with_pod(0, "Failed", reason="Evicted", message="the node was low on ephemeral-storage")
    assert cause(job) == ("Evicted", "the node was low on ephemeral-storage")


def test_the_last_failure_is_the_one_told() -> None:
    job = a_running_job().with_failed_pod(70, "early", when=10).with_failed_pod(69, "late", when=20)
    assert cause(job)[0] == "StoreUnavailable"


@pytest.mark.parametrize("reason", ["Worker-Failed", "Evicted\n", "9lives", "x" * 129])
def test_an_end_is_recorded_though_its_reason_is_none_that_a_condition_may_carry(reason: str) -> None:
    """`spec.managedBy` lets others manage a Job, and say what they like."""
    job = a_running_job().without_pods().child_ended("Failed", 100, reason, "the other cluster is gone").reconciled(120)
    assert (job.condition("Failed")["reason"], job.status["message"]) == ("JobFailed", "the other cluster is gone")


@pytest.mark.parametrize("reason", ["Worker-Failed", "Evicted\n", ""])
def test_a_pods_strange_reason_is_none(reason: str) -> None:
    assert cause(a_job().with_pod(0, "Failed", reason=reason))[0] == "PodFailed"
    assert cause(a_job().with_failed_pod(1, "", reason=reason))[0] == "RunnerFailed"
