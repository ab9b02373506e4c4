"""Operators under test: the real program, in processes of its own, with exactly the rights that the chart gives it."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from tests.integration.kubectl import Kubectl
from tests.integration.ports import free_ports

CHART = Path(__file__).parents[3] / "deploy" / "helm" / "transcription-operator"
RIGHTS = {
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ClusterRole",
    "ClusterRoleBinding",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
}
"""Kinds of the chart's objects that say who may do what."""
ADDED = (
    "storage.caSecret=store-ca",
    "runner.podSecurityContext.supplementalGroups={4000}",
    "runner.extraEnv[0].name=HF_TOKEN",
    "runner.extraEnv[0].valueFrom.secretKeyRef.name=hub",
    "runner.extraEnv[0].valueFrom.secretKeyRef.key=token",
    "runner.extraEnv[1].name=HF_ENDPOINT",
    "runner.extraEnv[1].valueFrom.configMapKeyRef.name=hub",
    "runner.extraEnv[1].valueFrom.configMapKeyRef.key=endpoint",
    "runner.extraVolumes[0].name=corpus",
    "runner.extraVolumes[0].persistentVolumeClaim.claimName=corpus",
    "runner.extraVolumes[1].name=words",
    "runner.extraVolumes[1].configMap.name=words",
    "runner.extraVolumes[2].name=licence",
    "runner.extraVolumes[2].secret.secretName=licence",
)
"""Values of the chart that give runner pods what child_jobs.FULL gives them: policies know of this, and of nothing like it."""
FOR_TESTS = ("crds.enabled=false", "userRoles.create=false", "runner.image.repository=runner", *ADDED)
"""Values of the chart with which its rights suit operators under test, whose pods' image is runner:test."""
NOWHERE = {"transcription.test/no-such-node": "true"}
"""No node carries this: pods stay unscheduled, and the test plays the kubelet."""


def rendered(release: str, namespace: str, *settings: str) -> list[dict[str, Any]]:
    """The chart's objects."""
    built = Path(os.environ.get("DEV_BIN", "")) / "helm"
    program = str(built) if os.environ.get("DEV_BIN") and built.exists() else "helm"
    flags = [flag for setting in settings for flag in ("--set", setting)]
    command = [program, "template", release, str(CHART), "--namespace", namespace, *flags]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [document for document in yaml.safe_load_all(text) if document]


def kubeconfig_of(kubectl: Kubectl, service_account: str, file: Path, *, pod: str | None = None) -> Path:
    """A kubeconfig that is nothing but the service account: with `pod`, by a token that names that pod."""
    bound = ["--bound-object-kind=Pod", f"--bound-object-name={pod}"] if pod else []
    token = kubectl("create", "token", service_account, *bound).strip()
    config = yaml.safe_load(kubectl("config", "view", "--raw", "--minify", "-o", "yaml"))
    config["users"][0]["user"] = {"token": token}
    file.write_text(yaml.safe_dump(config))
    file.chmod(0o600)
    return file


class Operator:
    """One operator that serves one namespace. It can be killed and started again."""

    def __init__(self, folder: Path, kubeconfig: Path, namespace: str, **settings: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.metrics_port, self.health_port = free_ports(2)
        config = {
            "watchNamespaces": [namespace],
            "ensureRunnerAccess": False,
            "metricsPort": self.metrics_port,
            "healthPort": self.health_port,
            "storage": {"endpoint": "http://minio:9000"},
            "runner": {"image": "runner:test", "nodeSelector": NOWHERE},
        }
        self._log = folder / "log.txt"
        self._config = folder / "config.yaml"
        self._config.write_text(yaml.safe_dump(config | settings))
        self._environment = {**os.environ, "KUBECONFIG": str(kubeconfig)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "transcription_operator", "--config", str(self._config)]
            self._process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """False before the start, and once it has ended."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self, seconds: float = 20) -> int:
        """SIGTERM; returns the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        status = self._process.wait(seconds)
        self._process = None
        return status

    def log(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=5) as answer:
            text: str = answer.read().decode()
            return text

    def health(self, question: str) -> tuple[int, str]:
        """The answer to `livez` or `readyz`: HTTP status and text; (0, "") while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}/{question}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""


def eventually(check: Any, seconds: float = 120, pause: float = 0.3) -> Any:
    """The first true value of `check()`; AssertionError with the last. It is patient: on a crowded machine kubectl takes 20 s."""
    end = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        assert time.monotonic() < end, f"not within {seconds:.0f} s; at last: {value!r}"
        time.sleep(pause)
