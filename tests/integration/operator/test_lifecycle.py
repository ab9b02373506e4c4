"""A job's way through the real API server, job controller and scheduler; only kubelet and runner are played."""

import json
from pathlib import Path
from typing import Any

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import Operator, eventually
from tests.integration.operator.pods import Runner, Transcription
from transcription_api.names import ANNOTATION_CONFIG
from transcription_api.runner_config import RunnerConfig


def test_from_apply_to_succeeded(team: Kubectl, operator: Operator, tmp_path: Path) -> None:
    job = Transcription.apply(team, "whole", ttlSecondsAfterFinished=2)
    (pod,) = job.pods()
    job.pod_runs(pod)
    job.phase("Running")

    runner = Runner(team, pod, tmp_path)
    report = job.shard(pod, files={"total": 4, "succeeded": 1}, audioSeconds={"total": 40, "processed": 10}, languages={"en": 1})
    assert runner.report(report) == ""
    eventually(lambda: job.status().get("fileProgress") == "1/4")
    assert job.status()["progress"] == "25%"

    done: Any = {
        "files": {"total": 4, "succeeded": 4},
        "audioSeconds": {"total": 40, "processed": 40},
        "languages": {"es": 4},
    }
    assert runner.report(job.shard(pod, stage="Finished", manifest="calls/_manifest-whole.json", **done)) == ""
    job.pod_ends(pod, message=job.last_words(pod, manifest="calls/_manifest-whole.json", **done))
    status = job.phase("Succeeded")

    assert status["files"] == {"total": 4, "succeeded": 4, "skipped": 0, "failed": 0}
    assert (status["progress"], status["languages"], status["manifest"]) == ("100%", {"es": 4}, "calls/_manifest-whole.json")
    assert job.condition("Complete")["status"] == "True"
    eventually(lambda: job.jobs() == [], 30)
    eventually(lambda: team.get("pods,configmaps", "-l", job.selector())["items"] == [])
    assert job.status()["phase"] == "Succeeded", "the result outlives the Job"
    assert job.events() == ["Unschedulable", "Succeeded"]

    metadata = job.resource()["metadata"]
    assert "finalizers" not in metadata
    assert set(metadata["annotations"]) == {"kubectl.kubernetes.io/last-applied-configuration"}
    writers = {entry["manager"] for entry in metadata["managedFields"] if entry.get("subresource") == "status"}
    assert writers == {"transcription-operator"}
    metrics = operator.metrics()
    labels = f'namespace="{team.namespace}"'
    assert f'transcription_jobs_finished_total{{{labels},reason="Completed",result="succeeded"}} 1.0' in metrics
    assert f'transcription_files_total{{{labels},result="succeeded"}} 4.0' in metrics
    assert f'transcription_jobs{{{labels},phase="Succeeded"}} 1.0' in metrics


def test_the_finalizers_of_other_kopf_operators_stay_theirs(team: Kubectl, operator: Operator) -> None:
    """Under kopf's usual name. Taking one off would be a fight; on the TranscriptionJob, a request that nobody may make."""
    job = Transcription.apply(team, "held")
    (child,) = eventually(job.jobs)
    held = [("tsj", "held"), ("job", child["metadata"]["name"])]
    marker = "kopf.zalando.org/KopfFinalizerMarker"
    for kind, name in held:
        team("patch", kind, name, "--type=merge", "-p", json.dumps({"metadata": {"finalizers": [marker]}}))
    job.patch(parallelism=2)
    eventually(lambda: job.jobs()[0]["spec"]["parallelism"] == 2)
    job.patch(parallelism=1)
    eventually(lambda: job.jobs()[0]["spec"]["parallelism"] == 1)
    assert [team.get(kind, name)["metadata"].get("finalizers") for kind, name in held] == [[marker], [marker]]
    assert "cannot patch" not in operator.log()
    for kind, name in held:
        team("patch", kind, name, "--type=merge", "-p", json.dumps({"metadata": {"finalizers": None}}))


def test_a_final_exit_code_fails_the_job_with_the_runners_words(team: Kubectl, operator: Operator) -> None:
    job = Transcription.apply(team, "denied")
    (pod,) = job.pods()
    said = json.dumps({"reason": "BucketNotFound", "message": "bucket calls does not exist"})
    job.pod_ends(pod, 77, said)
    job.phase("Failed")
    failed = job.condition("Failed")
    assert (failed["reason"], failed["message"]) == ("BucketNotFound", "bucket calls does not exist")
    assert job.pods() == [pod], "no retry"
    assert "PodFailed" not in job.events(), "no replacement is announced"


def test_what_its_pods_are_told_reaches_them_as_a_file(team: Kubectl, operator: Operator) -> None:
    job = Transcription.apply(team, "told", source={"bucket": "calls", "keys": ["ñandú 空.wav"]})
    job.pods()
    job.phase("Pending")
    (pod,) = team.get("pods", "-l", job.selector())["items"]
    config = RunnerConfig.model_validate_json(pod["metadata"]["annotations"][ANNOTATION_CONFIG])
    assert (config.source.keys, config.job.job_name) == (["ñandú 空.wav"], job.status()["jobName"])
    (volume,) = [v for v in pod["spec"]["volumes"] if v["name"] == "config"]
    assert volume["downwardAPI"]["items"][0]["fieldRef"]["fieldPath"] == f"metadata.annotations['{ANNOTATION_CONFIG}']"


def test_a_source_with_too_few_files(team: Kubectl, operator: Operator, tmp_path: Path) -> None:
    job = Transcription.apply(team, "few", source={"bucket": "calls", "prefix": "2031/", "minFiles": 1})
    (pod,) = job.pods()
    job.pod_runs(pod)
    job.phase("Running")
    assert Runner(team, pod, tmp_path).report(job.shard(pod, stage="Finished", ignored={"suffix": 4})) == ""
    job.pod_ends(pod, message=job.last_words(pod, ignored={"suffix": 4}))
    job.phase("Failed")
    failed = job.condition("Failed")
    assert failed["reason"] == "TooFewFiles"
    assert "4 objects seen below calls/2031/" in failed["message"]
    assert job.status()["ignored"]["suffix"] == 4


def test_too_many_failed_pods(team: Kubectl, operator: Operator) -> None:
    job = Transcription.apply(team, "flaky", backoffLimit=0)
    (pod,) = job.pods()
    job.pod_ends(pod, 70, '{"reason": "Internal", "message": "a bug"}')
    job.phase("Failed")
    assert job.condition("Failed")["reason"] == "BackoffLimitExceeded"
    assert "Internal: a bug" in job.status()["message"]


def test_a_job_that_no_node_takes_says_what_the_scheduler_says(team: Kubectl, operator: Operator) -> None:
    job = Transcription.apply(team, "homeless")
    eventually(lambda: job.condition("Running").get("reason") == "Unschedulable")
    assert "node" in job.condition("Running")["message"]
    assert job.status()["phase"] == "Pending"
    spec = team.get("pods", "-l", job.selector())["items"][0]["spec"]
    assert spec["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "1"


def test_suspend_resume_resize_and_run_again(team: Kubectl, operator: Operator) -> None:
    job = Transcription.apply(team, "moody", suspend=True)
    job.phase("Suspended")
    (child,) = job.jobs()
    job.patch(suspend=False)
    job.phase("Pending")
    assert len(job.pods()) == 1
    job.patch(parallelism=3)
    eventually(lambda: len(job.pods()) == 3)
    job.patch(suspend=True)
    job.phase("Suspended")
    eventually(lambda: team.get("pods", "-l", job.selector())["items"] == [])
    job.patch(suspend=False, runId="again")
    eventually(lambda: job.status().get("runId") == "again")
    (second,) = eventually(lambda: [j for j in job.jobs() if j["metadata"]["uid"] != child["metadata"]["uid"]])
    eventually(lambda: len(job.jobs()) == 1)
    assert job.status()["jobName"] == second["metadata"]["name"] != child["metadata"]["name"]


def test_a_quota_is_waited_out(team: Kubectl, operator: Operator) -> None:
    taken = len(team.get("jobs.batch")["items"])
    team("create", "quota", "no-jobs", f"--hard=count/jobs.batch={taken}")
    try:
        eventually(lambda: "used" in team.get("resourcequota", "no-jobs").get("status", {}))
        job = Transcription.apply(team, "patient")
        eventually(lambda: job.condition("Running").get("reason") == "JobRejected")
        assert "exceeded quota: no-jobs" in job.condition("Running")["message"]
    finally:
        team("delete", "quota", "no-jobs")
    eventually(job.jobs, 60)
    eventually(lambda: job.condition("Running").get("reason") == "Unschedulable")


def test_a_job_deleted_by_hand_is_made_again(team: Kubectl, operator: Operator) -> None:
    job = Transcription.apply(team, "stubborn")
    (first,) = eventually(job.jobs)
    job.pods()
    team("delete", "job", first["metadata"]["name"])
    (second,) = eventually(lambda: [j for j in job.jobs() if j["metadata"]["uid"] != first["metadata"]["uid"]])
    assert second["metadata"]["name"] == first["metadata"]["name"]


def test_sigterm_ends_it_quietly(team: Kubectl, operator: Operator) -> None:
    eventually(lambda: "started" in operator.log())
    assert operator.stop(10) == 0
