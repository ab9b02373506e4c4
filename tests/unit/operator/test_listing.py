"""A listing shows every object to whoever asks, and goes on past one that cannot be read."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from transcription_operator.cluster import JOBS, Cluster
from transcription_operator.listing import list_all


def an_object(name: str, version: int) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "team", "uid": f"uid-of-{name}", "resourceVersion": str(version)}}


class Pages:
    """A cluster with two pages of objects, true at version 20."""

    async def pages(self, *_: object) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
        yield "20", [an_object("strange", 3), an_object("first", 4)]
        yield "20", [an_object("second", 5)]


def test_one_object_that_cannot_be_read_is_said_and_hides_no_other(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    def see(raw: Any) -> None:
        if raw["metadata"]["name"] == "strange":
            raise OverflowError("cannot convert float infinity to integer")
        seen.append(raw["metadata"]["name"])

    uids, version = asyncio.run(list_all(cast(Cluster, Pages()), JOBS, [], None, see))
    assert seen == ["first", "second"]
    assert (uids, version) == ({"uid-of-strange", "uid-of-first", "uid-of-second"}, "20"), "it is there all the same"
    assert caplog.messages == ["jobs team/strange cannot be read and is left out"]
    assert caplog.records[0].exc_info
