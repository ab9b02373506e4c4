"""A job that asks only how much there is to do: one pod, no GPU, and an end that tells."""

from typing import Any

import pytest

from tests.unit.operator.test_children import environment, pod_of, start_of
from tests.unit.operator.world import Job, a_job, finished
from transcription_api.compute import ResourceList, Resources
from transcription_api.names import ANNOTATION_CONFIG
from transcription_api.runner_config import RunnerConfig
from transcription_operator.children.estimate import LIMITS, REQUESTS
from transcription_operator.policies.estimate import told_bytes, told_hours
from transcription_operator.settings import ModelCache

SURVEY = {"complete": True, "bytes": 14_200_000_000, "doneBytes": 1_200_000_000, "error": 0.5}


def an_estimate(**spec: Any) -> Job:
    return a_job().asking(estimateOnly=True, **spec)


def looked_through(job: Job, seconds: float = 20, **figures: Any) -> Job:
    """The pod has looked through the source."""
    found = {"total": 1200, "skipped": 89, "audio": (0, 310 * 3600), "survey": SURVEY, **figures}
    return finished(job.with_shard(stage="Finished", reported=seconds, **found), seconds)


def test_its_pod_is_one_asks_for_no_gpu_and_goes_to_any_node() -> None:
    runner: dict[str, Any] = {
        "runtime_class_name": "nvidia",
        "model_cache": ModelCache(existing_claim="models"),
        "resources": Resources(requests=ResourceList(memory="16Gi")),
    }
    start = start_of(an_estimate(parallelism=8), **runner)
    assert (start.job["spec"]["completions"], start.job["spec"]["parallelism"]) == (1, 1)
    pod = start.job["spec"]["template"]["spec"]
    assert not {"nodeSelector", "runtimeClassName", "resourceClaims"} & pod.keys()
    assert pod["containers"][0]["resources"] == {"requests": REQUESTS, "limits": LIMITS}
    assert "model-cache" not in {volume["name"] for volume in pod["volumes"]}
    assert "S3_ACCESS_KEY" in environment(pod)
    config = RunnerConfig.model_validate_json(start.job["spec"]["template"]["metadata"]["annotations"][ANNOTATION_CONFIG])
    assert (config.estimate_only, config.job.parallelism) == (True, 1)


def test_a_claimed_gpu_is_not_claimed() -> None:
    assert "resourceClaims" not in pod_of(an_estimate(compute={"resourceClaimTemplateName": "one-gpu"}))


def test_a_job_without_a_gpu_keeps_the_nodes_that_it_asks_for() -> None:
    pod = pod_of(an_estimate(compute={"device": "cpu", "nodeSelector": {"kubernetes.io/arch": "amd64"}}))
    assert pod["nodeSelector"] == {"kubernetes.io/arch": "amd64"}


def test_runners_of_other_jobs_are_not_told_of_what_an_older_image_would_refuse() -> None:
    annotations = start_of(a_job()).job["spec"]["template"]["metadata"]["annotations"]
    assert "estimateOnly" not in annotations[ANNOTATION_CONFIG]


def test_what_is_in_effect_is_what_the_run_would_work_with() -> None:
    job = an_estimate().reconciled().started()
    assert (job.status["effective"]["device"], job.status["effective"]["gpuResource"]) == ("cuda", "nvidia.com/gpu")
    assert "looking through the source" in job.status["message"]


def test_its_end_tells_files_bytes_and_hours_and_is_no_transcription() -> None:
    job = looked_through(an_estimate().reconciled().started()).reconciled(20)
    assert job.status["phase"] == "Succeeded"
    assert job.condition("Complete")["reason"] == "Estimated"
    assert job.status["message"].startswith(
        "estimate: 1111 files to do, 13.0 GB, about 310 hours of audio (89 more are done already, 1.2 GB)"
    )
    assert (job.status["progress"], job.status["fileProgress"]) == ("estimate", "89/1200")
    assert job.status["survey"] == {"complete": True, "bytes": 14_200_000_000, "doneBytes": 1_200_000_000}
    assert "gpuSeconds" not in job.status


def test_it_holds_no_gpu_while_it_runs() -> None:
    job = an_estimate().reconciled().started().with_shard(stage="Surveying", total=3, reported=10).reconciled(10)
    assert "gpuSeconds" not in job.status
    assert job.status["progress"] == "estimate"


def test_another_parallelism_is_no_reason_to_change_its_job() -> None:
    job = an_estimate().reconciled().started().asking(parallelism=5)
    assert job.reconcile(5).children == ()
    assert job.reconciled(5).child["spec"]["completions"] == 1


def test_an_estimate_that_ends_before_anything_was_said_says_it_all_at_its_end() -> None:
    job = an_estimate()
    job.apply(job.reconcile(0))
    job.with_running_pod()
    looked_through(job, 2)
    job.reconciled(12)
    assert (job.status["phase"], job.status["progress"]) == ("Succeeded", "estimate")
    assert job.status["effective"]["device"] == "cuda"


def test_a_source_without_files_is_told_as_such() -> None:
    job = an_estimate().reconciled().started()
    looked_through(job, total=0, skipped=0, audio=(0, 0), survey={"complete": True}, ignored={"suffix": 3}).reconciled(20)
    assert job.condition("Complete")["reason"] == "NoFilesMatched"


def test_too_few_files_fail_it_as_they_would_fail_the_run() -> None:
    job = an_estimate(source={"bucket": "calls", "minFiles": 5000}).reconciled().started()
    assert looked_through(job).reconciled(20).condition("Failed")["reason"] == "TooFewFiles"


def test_an_estimate_whose_pod_fails_is_no_estimate() -> None:
    job = an_estimate().reconciled().started()
    job.without_pods().with_failed_pod(77, '{"reason":"AccessDenied","message":"the store refuses"}')
    job.child_ended("Failed", 60, "PodFailurePolicy").reconciled(70)
    assert job.status["phase"] == "Failed"


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (99_949, "99.9 kB"), (99_950, "100 kB"), (999_500, "1.0 MB")],
)
def test_bytes_in_words(number: int, words: str) -> None:
    assert told_bytes(number) == words


@pytest.mark.parametrize(("hours", "words"), [(0, "0 minutes"), (1.5, "90 minutes"), (2, "2.0 hours"), (310.4, "310 hours")])
def test_hours_in_words(hours: float, words: str) -> None:
    assert told_hours(hours) == words
