"""Progress on a real API server: a pod's own token, its own entry of status.shards, and nothing else."""

import base64
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.integration.kubectl import Kubectl, transcription_job
from transcription_api.runner_config import JobReference
from transcription_api.status import FileCounts, ShardReport, Stage
from transcription_runner.batch.publish import StatusPublisher

ROOT = Path(__file__).parents[3]


class Reporting:
    """A suspended job in a namespace of its own, and what a pod of it would be given."""

    def __init__(self, kubectl: Kubectl, folder: Path) -> None:
        self._kubectl, self._folder = kubectl, folder
        kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds" / "transcriptionjobs.yaml"))
        kubectl("wait", "--for=condition=Established", "crd/transcriptionjobs.transcription.whisperx.dev")
        kubectl.apply(transcription_job("calls", {"source": {"bucket": "calls"}, "suspend": True}))
        self.job_name = self._child_job_name()
        if kubectl.run("get", "serviceaccount", "transcription-runner").returncode:
            kubectl("create", "serviceaccount", "transcription-runner")
        kubectl("create", "role", "report", "--verb=patch", "--resource=transcriptionjobs.transcription.whisperx.dev/status")
        kubectl("create", "rolebinding", "report", "--role=report", f"--serviceaccount={kubectl.namespace}:transcription-runner")

    def _child_job_name(self) -> str:
        """What an operator wrote, if one is running; else what one would write."""
        time.sleep(2)
        status = self._kubectl.get("transcriptionjob", "calls").get("status", {})
        if "jobName" not in status:
            patch = json.dumps({"status": {"jobName": "calls-1"}})
            self._kubectl("patch", "transcriptionjob", "calls", "--subresource=status", "--type=merge", "-p", patch)
            return "calls-1"
        return str(status["jobName"])

    def publisher(self, index: int) -> StatusPublisher:
        """What the pod of this index reports through, with a token bound to that pod."""
        pod = self.pod_name(index)
        security = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
        container = {
            "name": "runner",
            "image": "registry.invalid/never-pulled",
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
        spec = {
            "serviceAccountName": "transcription-runner",
            "securityContext": security,
            "nodeSelector": {"never": "scheduled"},
            "containers": [container],
        }
        self._kubectl.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": pod}, "spec": spec})
        bound = ["--bound-object-kind=Pod", f"--bound-object-name={pod}"]
        token = self._kubectl("create", "token", "transcription-runner", *bound).strip()
        folder = self._folder / f"token-{index}"
        folder.mkdir(exist_ok=True)
        (folder / "token").write_text(token)
        config = json.loads(self._kubectl("config", "view", "--raw", "--minify", "-o", "json"))
        authority = config["clusters"][0]["cluster"]
        if "certificate-authority-data" in authority:
            (folder / "ca.crt").write_bytes(base64.b64decode(authority["certificate-authority-data"]))
        else:
            (folder / "ca.crt").write_bytes(Path(authority["certificate-authority"]).read_bytes())
        return StatusPublisher(self._reference(), index, folder)

    def pod_name(self, index: int) -> str:
        return f"{self.job_name}-{index}-abcde"

    def _reference(self) -> JobReference:
        uid = self._kubectl.get("transcriptionjob", "calls")["metadata"]["uid"]
        return JobReference(namespace=self._kubectl.namespace, name="calls", uid=uid, job_name=self.job_name)

    def shard(self, index: int, succeeded: int) -> ShardReport:
        return ShardReport(
            index=index,
            job_name=self.job_name,
            pod_name=self.pod_name(index),
            files=FileCounts(total=9, succeeded=succeeded),
            stage=Stage.TRANSCRIBING,
            last_update_time=datetime.now(UTC),
        )

    def reported(self) -> dict[int, int]:
        """Index -> succeeded, as the status holds it."""
        status = self._kubectl.get("transcriptionjob", "calls").get("status", {})
        return {shard["index"]: shard["files"]["succeeded"] for shard in status.get("shards", [])}


@pytest.fixture
def reporting(namespace: Kubectl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reporting]:
    config = json.loads(namespace("config", "view", "--raw", "--minify", "-o", "json"))
    server = urlsplit(config["clusters"][0]["cluster"]["server"])
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", server.hostname or "")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.port or 443))
    yield Reporting(namespace, tmp_path)
    namespace("delete", "transcriptionjob", "calls", "--wait=false")
    for what in ("role", "rolebinding"):
        namespace("delete", what, "report")


def test_each_pod_writes_its_own_entry_and_replaces_it(reporting: Reporting) -> None:
    first, second = reporting.publisher(0), reporting.publisher(1)
    first.publish(reporting.shard(0, succeeded=1))
    second.publish(reporting.shard(1, succeeded=2))
    first.publish(reporting.shard(0, succeeded=3))
    assert reporting.reported() == {0: 3, 1: 2}


def test_nothing_but_the_pods_own_entry_is_touched(reporting: Reporting, namespace: Kubectl) -> None:
    before = namespace.get("transcriptionjob", "calls")
    reporting.publisher(0).publish(reporting.shard(0, succeeded=1))
    after = namespace.get("transcriptionjob", "calls")
    assert after["spec"] == before["spec"]
    for status in (before["status"], after["status"]):
        status.pop("shards", None)
    assert after["status"] == before["status"]
