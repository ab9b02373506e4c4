"""A folder that is always transcribed: examples/watched-folder.yaml, each minute instead of each fifth, with the real runner.

Only the kubelet is played: what it would start in containers runs as processes here.
"""

import json
import os
import random
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import NOWHERE, Operator, eventually
from tests.integration.operator.pods import Transcription
from tests.integration.operator.schedules import Schedule
from tests.integration.runner.buckets import Bucket
from tests.integration.runner.pods import RunnerPod
from tests.integration.runner.sound import silence, wav
from transcription_api.names import ANNOTATION_CONFIG

ROOT = Path(__file__).parents[3]
FILES, WAVE = 1000, 500
ACCOUNT = ("S3_ACCESS_KEY", "S3_SECRET_KEY")


@pytest.fixture
def bucket(cluster: None) -> Iterator[Bucket]:
    access, secret = (os.environ[name] for name in ACCOUNT)
    fresh = Bucket(os.environ["S3_ENDPOINT"], access, secret, f"watched-{uuid.uuid4().hex[:10]}")
    fresh.make()
    yield fresh
    fresh.remove()


class Kubelet(threading.Thread):
    """Runs the pods of a namespace as processes, and tells how they ended."""

    def __init__(self, kubectl: Kubectl, folder: Path) -> None:
        super().__init__()
        self._kubectl, self._folder = kubectl, folder
        self._status = Transcription(kubectl, "any")
        self._pods: dict[str, RunnerPod] = {}
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(1):
            for pod in self._kubectl.get("pods")["items"]:
                self._see_to(pod)

    def stop(self) -> None:
        self._over.set()
        self.join()
        for pod in self._pods.values():
            pod.kill()

    def _see_to(self, pod: dict[str, Any]) -> None:
        name, phase = pod["metadata"]["name"], pod["status"]["phase"]
        if phase == "Pending" and name not in self._pods:
            config = json.loads(pod["metadata"]["annotations"][ANNOTATION_CONFIG])
            access, secret = (os.environ[key] for key in ACCOUNT)
            self._pods[name] = RunnerPod(self._folder / name, config, access, secret, ROOT / "models", POD_NAME=name)
            self._status.pod_runs(name)
        elif phase == "Running" and (code := self._pods[name].process.poll()) is not None:
            self._status.pod_ends(name, code, json.dumps(self._pods[name].last_words()))


def watching(bucket: Bucket) -> dict[str, Any]:
    """The example over a bucket of ours, with every job kept."""
    manifest: dict[str, Any] = yaml.safe_load((ROOT / "examples" / "watched-folder.yaml").read_text())
    manifest["spec"] |= {"schedule": "* * * * *", "successfulJobsHistoryLimit": 100}
    spec = manifest["spec"]["jobTemplate"]["spec"]
    spec["source"]["bucket"] = bucket.name
    spec |= {"output": {"bucket": bucket.name, "formats": ["json", "srt"]}, "language": "en"}
    spec |= {"model": {"name": "asr-small", "computeType": "int8"}, "compute": {"device": "cpu", "nodeSelector": NOWHERE}}
    spec["storage"]["endpoint"] = bucket.endpoint
    return manifest


def written(files: int) -> set[str]:
    """The outputs of so many files."""
    return {f"transcripts/inbox/{number:04}.wav.{suffix}" for number in range(files) for suffix in ("json", "srt")}


@pytest.mark.timeout(1200)
def test_a_thousand_new_files_are_each_transcribed_once_though_the_operator_is_killed(
    team: Kubectl, operator: Operator, bucket: Bucket, tmp_path: Path
) -> None:
    team.apply(watching(bucket))
    schedule = Schedule(team, "inbox")
    kubelet = Kubelet(team, tmp_path)
    kubelet.start()
    try:
        chance, sound = random.Random(3), wav(silence(1.0))
        for arrived in range(WAVE, FILES + 1, WAVE):
            for number in range(arrived - WAVE, arrived):
                bucket.put(f"inbox/{number:04}.wav", sound)
            for _ in range(2):
                time.sleep(20 * chance.random())
                operator.kill()
                operator.start()
            eventually(lambda arrived=arrived: bucket.outputs("transcripts/") == written(arrived), 400, pause=2)
        schedule.patch(suspend=True)
        eventually(lambda: schedule.condition("Suspended").get("status") == "True" and schedule.status()["activeCount"] == 0, 200)
    finally:
        kubelet.stop()
    ends = [job["status"] for job in team.get("tsj")["items"]]
    assert {end["phase"] for end in ends} == {"Succeeded"}
    assert sum(end["files"]["succeeded"] for end in ends) == FILES, "each once"
    assert sum(end["files"]["failed"] for end in ends) == 0
    assert len(ends) >= 2
    assert len(bucket.entries("transcripts/")) == FILES
