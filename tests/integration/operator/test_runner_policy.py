"""What a runner pod may write: its own report, into an annotation of its own pod, and nothing else."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import Operator, eventually
from tests.integration.operator.pods import Runner, Transcription, now
from transcription_api.names import ANNOTATION_REPORT

ENDED_WELL = {"name": "runner", "image": "x", "imageID": "", "ready": False, "restartCount": 0}
ENDED_WELL["state"] = {
    "terminated": {"exitCode": 0, "message": '{"reason": "Finished"}', "startedAt": now(), "finishedAt": now()}
}
INDEX = "batch.kubernetes.io/job-completion-index"


def annotations(**texts: str | None) -> dict[str, Any]:
    return {"metadata": {"annotations": texts}}


ATTACKS: dict[str, tuple[dict[str, Any], str]] = {
    "phase": ({"status": {"phase": "Succeeded"}}, "may not change its pod's status"),
    "container statuses": ({"status": {"containerStatuses": [ENDED_WELL]}}, "may not change its pod's status"),
    "no container statuses": ({"status": {"conditions": None}}, "may not change its pod's status"),
    "conditions": (
        {"status": {"conditions": [{"type": "DisruptionTarget", "status": "True"}]}},
        "may not change its pod's status",
    ),
    "reason": ({"status": {"reason": "Evicted", "message": "forged"}}, "may not change its pod's status"),
    "address": ({"status": {"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}]}}, "may not change its pod's status"),
    "a label more": ({"metadata": {"labels": {"app": "another-service"}}}, "labels, finalizers, owners or names"),
    "another owner's label": (
        {"metadata": {"labels": {"transcription.whisperx.dev/job-uid": "x"}}},
        "labels, finalizers, owners or names",
    ),
    "a label less": ({"metadata": {"labels": {INDEX: None}}}, "labels, finalizers, owners or names"),
    "no finalizers": ({"metadata": {"finalizers": None}}, "labels, finalizers, owners or names"),
    "a finalizer": ({"metadata": {"finalizers": ["example.com/never"]}}, "labels, finalizers, owners or names"),
    "a generated name": ({"metadata": {"generateName": "x-"}}, "labels, finalizers, owners or names"),
    "another annotation": (annotations(note="x"), "no annotation of its pod but its report"),
    "a changed annotation": (annotations(**{INDEX: "7"}), "no annotation of its pod but its report"),
    "a removed annotation": (annotations(**{INDEX: None}), "no annotation of its pod but its report"),
    "an annotation beside its report": (
        annotations(**{ANNOTATION_REPORT: "{}", "transcription.whisperx.dev/other": "{}"}),
        "no annotation of its pod but its report",
    ),
    "a long report": (annotations(**{ANNOTATION_REPORT: "x" * 16385}), "16384 bytes at most"),
    "a report of many bytes": (annotations(**{ANNOTATION_REPORT: "ñ" * 9000}), "16384 bytes at most"),
    "a report of a megabyte": (annotations(**{ANNOTATION_REPORT: "x" * 1_000_000}), "bytes"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runners")


@pytest.fixture
def job(team: Kubectl, operator: Operator) -> Transcription:
    """A job with two pods, known to status."""
    job = Transcription.apply(team, f"policy-{uuid.uuid4().hex[:6]}", parallelism=2)
    eventually(lambda: len(job.pods()) == 2)
    return job


def pod_of(job: Transcription, index: int) -> str:
    (name,) = [pod for pod in job.pods() if f"-{index}-" in pod]
    return name


def test_each_pod_reports_on_itself_and_the_operator_adds_up(job: Transcription, team: Kubectl, tmp_path: Path) -> None:
    first, second = pod_of(job, 0), pod_of(job, 1)
    runner, neighbour = Runner(team, first, tmp_path), Runner(team, second, tmp_path)
    assert runner.report(job.shard(first, files={"total": 4})) == ""
    assert neighbour.report(job.shard(second, files={"total": 4, "succeeded": 2})) == ""
    assert runner.report(job.shard(first, files={"total": 4, "succeeded": 1})) == ""
    eventually(lambda: job.status().get("fileProgress") == "3/4")
    assert {s["podName"]: s["files"]["succeeded"] for s in job.status()["shards"]} == {first: 1, second: 2}


def test_nothing_else_of_its_own_pod_can_be_changed(job: Transcription, team: Kubectl, tmp_path: Path) -> None:
    pod = pod_of(job, 0)
    runner = Runner(team, pod, tmp_path)
    assert runner.report(job.shard(pod)) == ""
    before = team.get("pod", pod)
    for what, (patch, refusal) in ATTACKS.items():
        assert refusal in runner.patch(patch), f"{what}: was not refused"
    operations = [{"op": "add", "path": "/metadata/labels/app", "value": "another-service"}]
    assert "labels" in runner.patch(operations, kind="json-patch+json")
    assert "labels" in runner.patch({"metadata": {"labels": {"app": "another-service"}}}, kind="strategic-merge-patch+json")
    applied = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": pod, "labels": {"app": "another-service"}}}
    assert "labels" in runner.patch(applied, kind="apply-patch+yaml")
    # What the API server itself leaves as it is, without a word.
    runner.patch({"spec": {"activeDeadlineSeconds": 1, "containers": [{"name": "runner", "image": "forged"}]}})
    runner.patch({"metadata": {"ownerReferences": None}})
    after = team.get("pod", pod)
    for part in (before, after):
        for changing in ("resourceVersion", "managedFields"):
            part["metadata"].pop(changing, None)
    assert after == before


def test_other_pods_are_out_of_reach(job: Transcription, team: Kubectl, tmp_path: Path) -> None:
    pod, neighbour = pod_of(job, 0), pod_of(job, 1)
    (stranger,) = Transcription.apply(team, f"other-{uuid.uuid4().hex[:6]}").pods()
    runner = Runner(team, pod, tmp_path)
    for other in (neighbour, stranger):
        assert "only report on its own pod" in runner.report(job.shard(pod), other)
        assert "only report on its own pod" in runner.patch({"status": {"phase": "Failed"}}, other)


def test_a_token_that_names_no_pod_reports_on_none(job: Transcription, team: Kubectl, tmp_path: Path) -> None:
    pod = pod_of(job, 0)
    assert "only report on its own pod" in Runner(team, pod, tmp_path, bound=False).report(job.shard(pod))


def test_a_runner_reads_nothing_and_writes_nothing_else(job: Transcription, team: Kubectl, tmp_path: Path) -> None:
    pod = pod_of(job, 0)
    runner = Runner(team, pod, tmp_path)
    core, ours = f"/api/v1/namespaces/{team.namespace}", f"/apis/transcription.whisperx.dev/v1alpha1/namespaces/{team.namespace}"
    requests: list[tuple[str, str]] = [
        ("GET", f"{core}/pods/{pod}"),
        ("GET", f"{core}/pods/{pod}/status"),
        ("GET", f"{core}/pods"),
        ("GET", f"{core}/secrets"),
        ("GET", f"{core}/configmaps"),
        ("GET", f"{ours}/transcriptionjobs/{job.name}"),
        ("DELETE", f"{core}/pods/{pod}"),
        ("PUT", f"{core}/pods/{pod}/status"),
        ("PATCH", f"{core}/pods/{pod}"),
        ("PATCH", f"{core}/pods/{pod}/ephemeralcontainers"),
        ("PATCH", f"{ours}/transcriptionjobs/{job.name}"),
        ("PATCH", f"{ours}/transcriptionjobs/{job.name}/status"),
        ("POST", f"{core}/pods/{pod}/eviction"),
        ("POST", f"{core}/events"),
    ]
    for method, path in requests:
        body = None if method in ("GET", "DELETE") else json.loads("{}")
        kind = "merge-patch+json" if method == "PATCH" else "json"
        assert "forbidden" in runner.ask(method, path, body, kind), f"{method} {path}"


def test_the_pod_that_replaces_another_goes_on_with_its_shard(job: Transcription, team: Kubectl, tmp_path: Path) -> None:
    old = pod_of(job, 0)
    assert Runner(team, old, tmp_path).report(job.shard(old, files={"total": 4, "succeeded": 2})) == ""
    job.pod_ends(old, 69)
    new = eventually(lambda: next((pod for pod in job.pods() if pod != old and "-0-" in pod), None), 60)
    assert Runner(team, new, tmp_path).report(job.shard(new, files={"total": 4, "succeeded": 1})) == ""
    eventually(lambda: [s["podName"] for s in job.status().get("shards", [])] == [new])
    assert job.status()["fileProgress"] == "2/4", "what the first did is not lost"
