"""One operator tells: who has the Lease. What it told the next one reads there."""

import asyncio
from copy import deepcopy
from typing import Any, cast

from tests.unit.operator.test_throttle import Time
from transcription_api.names import ANNOTATION_TOLD_UNTIL
from transcription_operator.cloudevents.lease import Lease
from transcription_operator.cluster import ApiError, Cluster, Kind
from transcription_operator.settings import LeaseName


class Stored:
    """The API server's part: one Lease, with versions."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.version = 0

    async def get(self, _: Kind, __: str, ___: str) -> dict[str, Any]:
        if self.lease is None:
            raise ApiError(404, "not found")
        return deepcopy(self.lease)

    async def apply(self, _: Kind, body: dict[str, Any]) -> dict[str, Any]:
        return self._store(body)

    async def merge(self, _: Kind, __: str, ___: str, body: dict[str, Any]) -> dict[str, Any]:
        if self.lease is None:
            raise ApiError(404, "not found")
        if body["metadata"]["resourceVersion"] != self.lease["metadata"]["resourceVersion"]:
            raise ApiError(409, "conflict")
        annotations = self.lease["metadata"]["annotations"] | body["metadata"]["annotations"]
        return self._store({**body, "metadata": {**body["metadata"], "annotations": annotations}})

    def _store(self, body: dict[str, Any]) -> dict[str, Any]:
        self.version += 1
        self.lease = deepcopy(body)
        self.lease["metadata"]["resourceVersion"] = str(self.version)
        return deepcopy(self.lease)


class Place:
    """Operators that share an API server and the time."""

    def __init__(self) -> None:
        self.stored, self.time = Stored(), Time()
        self.name = LeaseName(namespace="home", seconds=30)

    def operator(self, identity: str) -> Lease:
        return Lease(cast(Cluster, self.stored), self.name, self.time, identity)


def test_the_first_has_it_and_the_second_does_not() -> None:
    place = Place()
    a, b = place.operator("a"), place.operator("b")
    assert asyncio.run(a.take()) == (True, None)
    assert asyncio.run(b.take()) == (False, None)
    assert asyncio.run(a.renew(120))
    assert asyncio.run(b.take()) == (False, 120)


def test_one_that_is_not_renewed_is_taken_over_with_what_was_told() -> None:
    place = Place()
    a, b = place.operator("a"), place.operator("b")
    asyncio.run(a.take())
    asyncio.run(a.renew(120))
    asyncio.run(b.take())
    place.time.now += 25
    asyncio.run(a.renew(130))
    assert asyncio.run(b.take())[0] is False, "it was renewed meanwhile"
    place.time.now += 31
    assert asyncio.run(b.take()) == (True, 130)
    assert asyncio.run(a.renew(140)) is False
    assert place.stored.lease is not None
    assert place.stored.lease["metadata"]["annotations"][ANNOTATION_TOLD_UNTIL] == "130"


def test_one_that_leaves_lets_the_next_go_on_at_once() -> None:
    place = Place()
    a, b = place.operator("a"), place.operator("b")
    asyncio.run(a.take())
    asyncio.run(a.release(150))
    assert asyncio.run(b.take()) == (True, 150)


def test_one_that_has_lost_it_gives_nothing_back() -> None:
    place = Place()
    a, b = place.operator("a"), place.operator("b")
    asyncio.run(a.take())
    place.time.now += 100
    asyncio.run(b.take())
    place.time.now += 31
    assert asyncio.run(b.take())[0]
    asyncio.run(a.release(1))
    asyncio.run(place.operator("c").release(1))
    assert asyncio.run(b.renew(160)), "b has it still"


def test_the_same_container_that_starts_again_goes_on_at_once() -> None:
    place = Place()
    asyncio.run(place.operator("a").take())
    assert asyncio.run(place.operator("a").take())[0]


def test_two_that_make_it_at_the_same_time_do_not_both_keep_it() -> None:
    place = Place()
    a, b = place.operator("a"), place.operator("b")

    async def both() -> list[bool]:
        asked = await asyncio.gather(a.take(), b.take())
        assert any(mine for mine, _ in asked)
        return [await a.renew(100), await b.renew(100)]

    assert sum(asyncio.run(both())) == 1


def test_a_version_that_somebody_spoilt_is_as_none() -> None:
    place = Place()
    asyncio.run(place.operator("a").take())
    assert place.stored.lease is not None
    for spoilt in ("", "-1", "x", "١٢"):
        place.stored.lease["metadata"]["annotations"][ANNOTATION_TOLD_UNTIL] = spoilt
        assert asyncio.run(place.operator("b").take()) == (False, None)
