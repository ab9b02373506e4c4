"""The kubelet's and the runner's part, played through the API: pods that no node takes are given a status by hand."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.integration.kubectl import Kubectl, transcription_job
from tests.integration.operator.accounts import Account
from tests.integration.operator.operators import eventually, kubeconfig_of
from transcription_api.names import ANNOTATION_REPORT


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Transcription:
    """A TranscriptionJob in the test's namespace, and what belongs to it."""

    def __init__(self, kubectl: Kubectl, name: str) -> None:
        self.kubectl, self.name = kubectl, name

    @classmethod
    def apply(cls, kubectl: Kubectl, name: str, **spec: Any) -> "Transcription":
        kubectl.apply(transcription_job(name, {"source": {"bucket": "calls"}, **spec}))
        return cls(kubectl, name)

    def resource(self) -> dict[str, Any]:
        resource: dict[str, Any] = self.kubectl.get("tsj", self.name, "--show-managed-fields")
        return resource

    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = self.resource().get("status", {})
        return status

    def patch(self, **spec: Any) -> None:
        self.kubectl("patch", "tsj", self.name, "--type=merge", "-p", json.dumps({"spec": spec}))

    def condition(self, kind: str) -> dict[str, Any]:
        return next((c for c in self.status().get("conditions", []) if c["type"] == kind), {})

    def phase(self, phase: str, seconds: float = 30) -> dict[str, Any]:
        """The status once the job is in `phase`."""
        eventually(lambda: self.status().get("phase") == phase or None, seconds)
        return self.status()

    def selector(self) -> str:
        return f"transcription.whisperx.dev/job-uid={self.resource()['metadata']['uid']}"

    def jobs(self) -> list[dict[str, Any]]:
        jobs: list[dict[str, Any]] = self.kubectl.get("jobs.batch", "-l", self.selector())["items"]
        return jobs

    def pods(self) -> list[str]:
        """Names of the pods, once there are some."""
        found: list[str] = eventually(
            lambda: [pod["metadata"]["name"] for pod in self.kubectl.get("pods", "-l", self.selector())["items"]]
        )
        return found

    def events(self) -> list[str]:
        """Reasons of all Events about this job, oldest first."""
        items = self.kubectl.get("events.events.k8s.io", "--field-selector", f"regarding.name={self.name}")["items"]
        return [item["reason"] for item in sorted(items, key=lambda item: str(item["eventTime"]))]

    # --- the kubelet's part ---

    def pod_runs(self, pod: str) -> None:
        self._pod_status(pod, "Running", {"running": {"startedAt": now()}})

    def pod_ends(self, pod: str, exit_code: int = 0, message: str = "") -> None:
        """With exit code 0 and no other message, with the last words of a pod that had nothing to do."""
        if exit_code == 0 and not message:
            message = self.last_words(pod)
        ended = {"exitCode": exit_code, "reason": "Completed" if exit_code == 0 else "Error", "message": message}
        times = {"startedAt": now(), "finishedAt": now()}
        self._pod_status(pod, "Succeeded" if exit_code == 0 else "Failed", {"terminated": ended | times})

    def _pod_status(self, pod: str, phase: str, state: dict[str, Any]) -> None:
        container = {"name": "runner", "image": "x", "imageID": "", "ready": False, "restartCount": 0, "state": state}
        patch = json.dumps({"status": {"phase": phase, "containerStatuses": [container]}})
        self.kubectl("patch", "pod", pod, "--subresource=status", "--type=merge", "-p", patch)

    # --- the runner's part ---

    def shard(self, pod: str, **figures: Any) -> dict[str, Any]:
        """A report as `pod` would write it."""
        name, index, _ = pod.rsplit("-", 2)
        report = {"index": int(index), "jobName": name, "podName": pod, "stage": "Transcribing", "lastUpdateTime": now()}
        return report | figures

    def last_words(self, pod: str, **figures: Any) -> str:
        """The termination message of a pod that is done."""
        return json.dumps({"reason": "Finished", "message": "", "report": self.shard(pod, stage="Finished", **figures)})


class Runner(Account):
    """A runner pod's own view of the API: its token (with `bound=False` one that names no pod), and nothing else."""

    def __init__(self, kubectl: Kubectl, pod: str, folder: Path, *, bound: bool = True) -> None:
        self._kubectl, self._pod = kubectl, pod
        file = folder / f"{pod}-{bound}.yaml"
        super().__init__(kubeconfig_of(kubectl, "transcription-runner", file, pod=pod if bound else None))

    def report(self, report: dict[str, Any], pod: str | None = None) -> str:
        """Write the pod's report; returns the error message, empty if it was taken."""
        return self.patch({"metadata": {"annotations": {ANNOTATION_REPORT: json.dumps(report)}}}, pod)

    def patch(self, body: Any, pod: str | None = None, kind: str = "merge-patch+json", subresource: str = "/status") -> str:
        """Patch the pod's status (or another's); returns the error message, empty if it was taken."""
        path = f"/api/v1/namespaces/{self._kubectl.namespace}/pods/{pod or self._pod}{subresource}"
        return self.ask("PATCH", f"{path}?fieldManager=runner", body, kind)
