"""What the connection makes of answers that are none of the API server's."""

import asyncio
from typing import Any, ClassVar, cast

import pytest
from kubernetes.aio import client

from transcription_operator.cluster import JOBS, Cluster, UnreachableError


class Maintenance:
    """A load balancer that answers everything by itself."""

    status, reason = 200, "OK"
    headers: ClassVar[dict[str, str]] = {}

    async def read(self) -> bytes:
        return b"<html>back soon</html>"

    async def request(self, *_: Any, **__: Any) -> "Maintenance":
        return self


def test_a_page_of_a_load_balancer_is_no_answer() -> None:
    """As an error of its own it would end the operator at its listing."""
    api = client.ApiClient(client.Configuration())
    api.rest_client = cast(Any, Maintenance())
    with pytest.raises(UnreachableError, match="GET /apis/batch/v1/namespaces/team/jobs/calls: the answer is no JSON"):
        asyncio.run(Cluster(api).get(JOBS, "team", "calls"))
