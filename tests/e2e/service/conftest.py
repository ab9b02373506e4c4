"""One pod of the service for all tests of this folder: until its model is loaded, half a minute goes by."""

from collections.abc import Iterator

import pytest

from tests.e2e.house import fresh_bucket, furnished
from tests.e2e.service.deployed import DeployedService, deployed
from tests.integration.kubectl import Kubectl, fresh_namespace


@pytest.fixture(scope="package")
def service(operator: Kubectl) -> Iterator[DeployedService]:
    with fresh_namespace() as kubectl, furnished(kubectl), fresh_bucket() as bucket, deployed(kubectl, bucket) as service:
        yield service
