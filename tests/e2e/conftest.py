"""The whole house for end-to-end tests: cluster, operator from the chart, a bucket and a namespace with its Secret."""

import os
from collections.abc import Iterator

import pytest

from tests.e2e.house import Bucket, fresh_bucket, furnished
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
    with furnished(namespace):
        yield namespace


@pytest.fixture
def bucket(operator: Kubectl) -> Iterator[Bucket]:
    with fresh_bucket() as bucket:
        yield bucket
