"""The service from the chart, in a pod of the runner's image, with jobs, reached through a port-forward as a user reaches it."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dev.install import CHART, RELEASE
from tests.e2e.house import Bucket
from tests.integration.kubectl import Kubectl

TEMPLATES = ("transcription-service", "service-jobs")


@dataclass(frozen=True)
class DeployedService:
    """One that is ready."""

    kubectl: Kubectl
    """In its namespace."""
    bucket: Bucket
    """For its jobs."""
    address: str
    """On this machine: host and port."""

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    @property
    def account(self) -> str:
        """The pod's, as the API server calls it."""
        return f"system:serviceaccount:{self.kubectl.namespace}:{name_in(self.kubectl)}"


def name_in(kubectl: Kubectl) -> str:
    """The chart's objects have names of their own here: the policies belong to the whole cluster."""
    return f"{kubectl.namespace}-service"


@contextmanager
def deployed(kubectl: Kubectl, bucket: Bucket) -> Iterator[DeployedService]:
    """Apply what the chart has of the service, and forward a port to it once it is ready."""
    name = name_in(kubectl)
    manifests = _manifests(kubectl.namespace, bucket.name)
    try:
        kubectl("apply", "-f", "-", given=manifests)
        kubectl("rollout", "status", f"deployment/{name}", "--timeout=115s")
        forward = [f"{os.environ['DEV_BIN']}/kubectl", "--namespace", kubectl.namespace, "port-forward", f"svc/{name}", ":80"]
        with subprocess.Popen(forward, stdout=subprocess.PIPE, text=True) as forwarding:
            assert forwarding.stdout is not None
            told = re.search(r"127\.0\.0\.1:(\d+)", forwarding.stdout.readline())
            assert told
            try:
                yield DeployedService(kubectl, bucket, f"127.0.0.1:{told[1]}")
            finally:
                forwarding.terminate()
    finally:
        for kind in ("validatingadmissionpolicybinding", "validatingadmissionpolicy"):
            kubectl("delete", kind, f"{name}-jobs", "--ignore-not-found")
        kubectl("delete", "deployment", name, "--ignore-not-found", "--timeout=60s")


def _manifests(namespace: str, bucket: str) -> str:
    """Of the Deployment, the Service, the account with its rights, and the policy."""
    repository, tag = os.environ["RUNNER_IMAGE"].rsplit(":", 1)
    values = {
        "fullnameOverride": namespace,
        "service.enabled": "true",
        "service.jobs.enabled": "true",
        "service.jobs.bucket": bucket,
        "runner.image.repository": repository,
        "runner.image.tag": tag,
        # Without the image's small aligner, which knows machines' voices only: words have the times that Whisper itself gives.
        "runner.modelPath": "/models",
        "runner.modelCache.existingClaim": os.environ["MODELS_CLAIM"],
        "storage.endpoint": os.environ["S3_ENDPOINT_IN_CLUSTER"],
    }
    command = [f"{os.environ['DEV_BIN']}/helm", "template", RELEASE, str(CHART), "--namespace", namespace]
    command += ["--values", str(CHART / "ci" / "dev-values.yaml")]
    command += [part for name, value in values.items() for part in ("--set", f"{name}={value}")]
    command += [part for template in TEMPLATES for part in ("--show-only", f"templates/{template}.yaml")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
