"""The whole house for end-to-end tests: cluster, operator from the chart, a bucket and a namespace with its Secret."""

import os
import uuid
from collections.abc import Iterator

import pytest

from dev.cluster.objects import models_volume
from tests.e2e.house import Bucket
from tests.integration.kubectl import Kubectl

STORE = ("S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY")


@pytest.fixture(scope="session")
def operator(cluster: None) -> Kubectl:
    """kubectl in the operator's namespace, once the operator runs there."""
    missing = [name for name in STORE if not os.environ.get(name)]
    if missing:
        pytest.fail(f"{', '.join(missing)} not set: `make up`, then `source .dev/env`, or use `make e2e`")
    kubectl = Kubectl("transcription-system")
    kubectl("rollout", "status", "deployment", "-l", "app.kubernetes.io/name=transcription-operator", "--timeout=120s")
    return kubectl


@pytest.fixture(scope="module")
def kubectl(operator: Kubectl, namespace: Kubectl) -> Iterator[Kubectl]:
    """kubectl in a fresh namespace that holds the store's Secret and, where there is one, the volume of models."""
    keys = [
        f"--from-literal=accessKey={os.environ['S3_ACCESS_KEY']}",
        f"--from-literal=secretKey={os.environ['S3_SECRET_KEY']}",
    ]
    namespace("create", "secret", "generic", "minio-credentials", *keys)
    volume = models_volume(namespace.namespace) if os.environ.get("MODELS_CLAIM") else []
    for manifest in volume:
        namespace.apply(manifest)
    yield namespace
    if volume:
        namespace("delete", "persistentvolume", volume[0]["metadata"]["name"], "--wait=false")


@pytest.fixture
def bucket(operator: Kubectl) -> Iterator[Bucket]:
    bucket = Bucket(f"test-{uuid.uuid4().hex[:10]}")
    yield bucket
    bucket.remove()
