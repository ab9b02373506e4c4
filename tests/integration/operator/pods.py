"""The kubelet's and the runner's part, played through the API: pods that no node takes are given a status by hand."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.integration.kubectl import Kubectl, transcription_job
from tests.integration.operator.operators import eventually, kubeconfig_of


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
        ended = {"exitCode": exit_code, "reason": "Completed" if exit_code == 0 else "Error", "message": message}
        times = {"startedAt": now(), "finishedAt": now()}
        self._pod_status(pod, "Succeeded" if exit_code == 0 else "Failed", {"terminated": ended | times})

    def _pod_status(self, pod: str, phase: str, state: dict[str, Any]) -> None:
        container = {"name": "runner", "image": "x", "imageID": "", "ready": False, "restartCount": 0, "state": state}
        patch = json.dumps({"status": {"phase": phase, "containerStatuses": [container]}})
        self.kubectl("patch", "pod", pod, "--subresource=status", "--type=merge", "-p", patch)

    # --- the runner's part ---

    def shard(self, pod: str, index: int = 0, **figures: Any) -> dict[str, Any]:
        """A report as `pod` would write it."""
        job = self.status()["jobName"]
        shard = {"index": index, "jobName": job, "podName": pod, "stage": "Transcribing", "lastUpdateTime": now(), **figures}
        return transcription_job(self.name, {}) | {"status": {"shards": [shard]}}


class Runner:
    """A runner pod's own view of the API: its token, and nothing else."""

    def __init__(self, kubectl: Kubectl, pod: str, folder: Path) -> None:
        self._kubectl = kubectl
        self._kubeconfig = kubeconfig_of(kubectl, "transcription-runner", folder / f"{pod}.yaml", pod=pod)

    def apply(self, document: dict[str, Any], index: int = 0) -> str:
        """Server-side apply to the status; returns the error message, empty if it was taken."""
        document = {key: value for key, value in document.items() if key != "spec"}
        flags = ["--server-side", "--force-conflicts", f"--field-manager=transcription-runner-{index}", "--subresource=status"]
        return self.run("apply", *flags, "--validate=false", "-f", "-", given=json.dumps(document))

    def run(self, *arguments: str, given: str | None = None) -> str:
        """kubectl as the runner; returns the error message, empty if it worked."""
        result = self._kubectl.run(f"--kubeconfig={self._kubeconfig}", *arguments, given=given)
        return "" if result.returncode == 0 else result.stderr or "failed"
