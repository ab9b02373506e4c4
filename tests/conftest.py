"""What every test on real parts needs: the cluster of `make up`, and a namespace of its own."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.integration.kubectl import Kubectl, fresh_namespace

# How long one example takes says more of the machine than of the code: beside other work, properties that hold seemed not to.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def cluster() -> None:
    """Fails, rather than skips, where there is no cluster: a test that did not run has shown nothing."""
    if not os.environ.get("KUBECONFIG"):
        pytest.fail("KUBECONFIG is not set: `make up`, then `source .dev/env`, or use `make integration`")


@pytest.fixture(scope="module")
def namespace(cluster: None) -> Iterator[Kubectl]:
    """kubectl in a fresh namespace, which goes away with everything in it."""
    with fresh_namespace() as kubectl:
        yield kubectl
