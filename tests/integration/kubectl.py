"""kubectl against the cluster that KUBECONFIG names: the tests see what a user sees."""

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Kubectl:
    """kubectl in one namespace. `KUBECTL` may name the program; `DEV_BIN` is where `make up` puts it."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        built = Path(os.environ.get("DEV_BIN", "")) / "kubectl"
        self._program = str(built) if os.environ.get("DEV_BIN") and built.exists() else "kubectl"

    def run(self, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run it and return output and exit status, whatever the status."""
        command = [self._program, "--namespace", self.namespace, *arguments]
        return subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, check=False)

    def __call__(self, *arguments: str, given: str | None = None) -> str:
        """Run it and return its output. Raises AssertionError with what kubectl said if it failed."""
        result = self.run(*arguments, given=given)
        assert result.returncode == 0, f"kubectl {' '.join(arguments)}: {result.stderr}"
        return result.stdout

    def get(self, *what: str) -> Any:
        """Objects as parsed JSON."""
        return json.loads(self("get", *what, "-o", "json"))

    def apply(self, manifest: dict[str, Any]) -> None:
        """`kubectl apply` of one manifest."""
        self("apply", "-f", "-", given=json.dumps(manifest))


def transcription_job(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    """A TranscriptionJob manifest."""
    return {
        "apiVersion": "transcription.whisperx.dev/v1alpha1",
        "kind": "TranscriptionJob",
        "metadata": {"name": name},
        "spec": spec,
    }


@contextmanager
def fresh_namespace() -> Iterator[Kubectl]:
    """kubectl in a new namespace, which goes away with everything in it."""
    kubectl = Kubectl(f"test-{uuid.uuid4().hex[:8]}")
    kubectl("create", "namespace", kubectl.namespace)
    try:
        yield kubectl
    finally:
        kubectl("delete", "namespace", kubectl.namespace, "--wait=false")
