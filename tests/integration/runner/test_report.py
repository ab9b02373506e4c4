"""Progress on a real API server: a pod's own token, an annotation of that pod, and nothing else."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.integration.kubectl import Kubectl
from transcription_api.names import ANNOTATION_REPORT
from transcription_api.report import ShardReport, read_report
from transcription_api.status import FileCounts, Stage
from transcription_runner.batch.publish import NotReportedError, PodPublisher


class Reporting:
    """A namespace in which runners may report, and what a pod in it would be given."""

    def __init__(self, kubectl: Kubectl, folder: Path) -> None:
        self._kubectl, self._folder = kubectl, folder
        kubectl("create", "serviceaccount", "transcription-runner")
        kubectl("create", "role", "report", "--verb=patch", "--resource=pods/status")
        kubectl("create", "rolebinding", "report", "--role=report", f"--serviceaccount={kubectl.namespace}:transcription-runner")

    def publisher(self, index: int) -> PodPublisher:
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
        return PodPublisher(self._kubectl.namespace, pod, folder)

    def pod_name(self, index: int) -> str:
        return f"calls-1-{index}-abcde"

    def shard(self, index: int, succeeded: int) -> ShardReport:
        return ShardReport(
            index=index,
            job_name="calls-1",
            pod_name=self.pod_name(index),
            files=FileCounts(total=9, succeeded=succeeded),
            stage=Stage.TRANSCRIBING,
            message="mañana, 空",
            last_update_time=datetime.now(UTC).replace(microsecond=0),
        )

    def reported(self, index: int) -> ShardReport | None:
        """What the pod's annotation holds."""
        return read_report(self._kubectl.get("pod", self.pod_name(index))["metadata"]["annotations"][ANNOTATION_REPORT])


@pytest.fixture
def reporting(namespace: Kubectl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reporting]:
    config = json.loads(namespace("config", "view", "--raw", "--minify", "-o", "json"))
    server = urlsplit(config["clusters"][0]["cluster"]["server"])
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", server.hostname or "")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.port or 443))
    yield Reporting(namespace, tmp_path)
    namespace("delete", "pods", "--all", "--wait=false")
    for what, name in (("role", "report"), ("rolebinding", "report"), ("serviceaccount", "transcription-runner")):
        namespace("delete", what, name)


def test_each_pod_writes_its_own_report_and_replaces_it(reporting: Reporting) -> None:
    first, second = reporting.publisher(0), reporting.publisher(1)
    first.publish(reporting.shard(0, succeeded=1))
    second.publish(theirs := reporting.shard(1, succeeded=2))
    first.publish(ours := reporting.shard(0, succeeded=3))
    assert (reporting.reported(0), reporting.reported(1)) == (ours, theirs)


def test_nothing_but_the_report_is_touched(reporting: Reporting, namespace: Kubectl) -> None:
    publisher = reporting.publisher(0)
    before = namespace.get("pod", reporting.pod_name(0))
    publisher.publish(reporting.shard(0, succeeded=1))
    after = namespace.get("pod", reporting.pod_name(0))
    assert (after["spec"], after["metadata"].get("labels")) == (before["spec"], before["metadata"].get("labels"))
    assert after["metadata"]["annotations"].keys() - before["metadata"]["annotations"].keys() == {ANNOTATION_REPORT}
    assert after["status"]["phase"] == before["status"]["phase"] == "Pending"


def test_a_refusal_says_what_the_api_server_says(reporting: Reporting, namespace: Kubectl) -> None:
    publisher = reporting.publisher(0)
    namespace("delete", "rolebinding", "report")
    try:
        with pytest.raises(NotReportedError, match='403: pods "calls-1-0-abcde" is forbidden'):
            publisher.publish(reporting.shard(0, succeeded=1))
    finally:
        namespace(
            "create", "rolebinding", "report", "--role=report", f"--serviceaccount={namespace.namespace}:transcription-runner"
        )


def test_an_api_server_that_is_away_is_told_apart_from_one_that_refuses(
    reporting: Reporting, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporting.publisher(0)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "9")
    with pytest.raises(NotReportedError, match="does not answer"):
        reporting.publisher(0).publish(reporting.shard(0, succeeded=1))
