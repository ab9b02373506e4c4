"""What a runner pod may write: its own entry of status.shards, and nothing else."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import Operator, eventually
from tests.integration.operator.pods import Runner, Transcription, now
from transcription_api.status import TranscriptionJobStatus

CONDITION = {"type": "Complete", "status": "True", "reason": "Forged", "message": "", "lastTransitionTime": now()}
FORGED: dict[str, Any] = {
    "observedGeneration": 99,
    "phase": "Succeeded",
    "conditions": [CONDITION],
    "message": "forged",
    "runId": "forged",
    "jobName": "forged",
    "model": "forged",
    "effective": {
        "endpoint": "http://forged:9000",
        "secretName": "forged",
        "output": {"bucket": "forged", "prefix": "", "formats": ["json"]},
        "model": {"name": "forged", "computeType": "int8"},
        "device": "cpu",
        "image": "forged",
        "imagePullPolicy": "Always",
        "scratchSize": "1Gi",
    },
    "startTime": now(),
    "completionTime": now(),
    "files": {"total": 1},
    "ignored": {"suffix": 1},
    "fileProgress": "1/1",
    "audioSeconds": {"total": 1},
    "progress": "100%",
    "activeSeconds": 9.5,
    "gpuSeconds": 9.5,
    "accountedUntil": now(),
    "realTimeFactor": 9.5,
    "estimatedCompletionTime": now(),
    "languages": {"en": 1},
    "wordTimes": {"ctc": 1},
    "failures": [{"key": "a", "reason": "Forged"}],
    "manifest": "forged/forged",
}


@pytest.fixture
def job(team: Kubectl, operator: Operator) -> Transcription:
    """A job with two pods, known to status."""
    job = Transcription.apply(team, f"policy-{uuid.uuid4().hex[:6]}", parallelism=2)
    eventually(lambda: len(job.pods()) == 2)
    eventually(lambda: job.status().get("jobName"))
    return job


def pod_of(job: Transcription, index: int) -> str:
    (name,) = [pod for pod in job.pods() if pod.startswith(f"{job.status()['jobName']}-{index}-")]
    return name


def test_every_field_is_tried() -> None:
    fields = {field.alias or name for name, field in TranscriptionJobStatus.model_fields.items()}
    assert set(FORGED) == fields - {"shards"}


def test_the_fence(job: Transcription, team: Kubectl, tmp_path: Path) -> None:
    first, second = pod_of(job, 0), pod_of(job, 1)
    runner, neighbour = Runner(team, first, tmp_path), Runner(team, second, tmp_path)

    assert runner.apply(job.shard(first, 0, files={"total": 2})) == ""
    assert neighbour.apply(job.shard(second, 1, files={"total": 2}), 1) == ""
    assert runner.apply(job.shard(first, 0, files={"total": 2, "succeeded": 1})) == ""
    assert {s["index"]: s["files"].get("succeeded", 0) for s in job.status()["shards"]} == {0: 1, 1: 0}

    for field, value in FORGED.items():
        document = job.shard(first, 0)
        document["status"][field] = value
        # A manager of its own for each try: a field that was refused must not stand in the way of the next.
        assert "a runner may" in runner.apply(document), f"status.{field} was written by a runner"

    assert "its own shard alone" in runner.apply(job.shard(first, 1))
    assert "own pod's and job's name alone" in runner.apply(job.shard(second, 0))
    assert "Forbidden" in runner.run("get", "tsj", job.name)
    assert "Forbidden" in runner.run("patch", "tsj", job.name, "--type=merge", "-p", '{"spec":{"suspend":true}}')
    assert "Forbidden" in runner.run("get", "secrets")


def test_a_pod_of_another_job_has_no_say(job: Transcription, team: Kubectl, tmp_path: Path) -> None:
    other = Transcription.apply(team, "policy-other")
    (stranger,) = other.pods()
    assert "the job that its pod belongs to" in Runner(team, stranger, tmp_path).apply(job.shard(stranger, 0))


def test_a_replacement_takes_over_the_entry_of_its_index(job: Transcription, team: Kubectl, tmp_path: Path) -> None:
    old = pod_of(job, 0)
    assert Runner(team, old, tmp_path).apply(job.shard(old, 0, files={"total": 2})) == ""
    job.pod_ends(old, 69)
    new = eventually(lambda: next((p for p in job.pods() if p != old and "-0-" in p), None), 60)
    assert Runner(team, new, tmp_path).apply(job.shard(new, 0, files={"total": 2})) == ""
    assert [s["podName"] for s in job.status()["shards"] if s["index"] == 0] == [new]


def test_a_token_without_a_pod_is_refused(job: Transcription, team: Kubectl, tmp_path: Path) -> None:
    pod = pod_of(job, 0)
    runner = Runner(team, pod, tmp_path)
    unbound = team("create", "token", "transcription-runner").strip()
    flags = [f"--token={unbound}", "--server-side", "--field-manager=x", "--subresource=status", "--validate=false"]
    document = {key: value for key, value in job.shard(pod, 0).items() if key != "spec"}
    result = runner.run("apply", *flags, "-f", "-", given=json.dumps(document))
    assert "the job that its pod belongs to" in result
