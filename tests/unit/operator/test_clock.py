"""The operator's time is the API server's, whatever the clock of its own machine says."""

import asyncio
import contextlib
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes.aio import client

from transcription_operator.clock import ServerClock
from transcription_operator.cluster import JOBS, ApiError, Cluster

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
WRONG = NOON - timedelta(hours=5)


class World:
    """A server, a machine whose clock is five hours slow, and the way between them. `seconds` have passed since noon."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.server_ahead = 0.0
        self.clock = ServerClock(lambda: 1000.0 + self.seconds, lambda: WRONG + timedelta(seconds=self.seconds))

    def server_time(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds + self.server_ahead)

    def asks(self, there: float = 0.0, back: float = 0.0) -> None:
        """The question is `there` seconds on its way, the answer `back`."""
        asked = 1000.0 + self.seconds
        self.seconds += there
        date = format_datetime(self.server_time().replace(microsecond=0), usegmt=True)
        self.seconds += back
        self.clock.heard(date, asked)

    def behind(self) -> float:
        """Seconds by which the clock is behind the server's."""
        return (self.server_time() - self.clock.now()).total_seconds()


def test_before_the_first_answer_the_machine_s_own_clock_is_all_there_is() -> None:
    assert World().clock.now() == WRONG


JOURNEY = st.tuples(st.floats(0, 600), st.floats(0, 5), st.floats(0, 5))


@given(st.lists(JOURNEY, min_size=1, max_size=20))
def test_it_is_never_fast_and_no_slower_than_a_second_and_the_quickest_answer(journeys: list[tuple[float, float, float]]) -> None:
    world, quickest = World(), 5.0
    for pause, there, back in journeys:
        world.seconds += pause
        world.asks(there, back)
        quickest = min(quickest, back)
        assert -0.001 <= world.behind() <= 1.001 + quickest


def test_between_answers_it_goes_on() -> None:
    world = World()
    world.asks()
    before = world.clock.now()
    world.seconds += 500
    assert world.clock.now() - before == timedelta(seconds=500)


@pytest.mark.parametrize("moved", [-18_000, 18_000, 86_400 * 30])
def test_a_server_whose_clock_is_moved_is_followed_with_its_next_answer(moved: float) -> None:
    world = World()
    world.asks()
    world.server_ahead = moved
    world.asks(0.2, 0.2)
    assert abs(world.behind()) <= 1.4


@pytest.mark.parametrize("date", [None, "", "yesterday", "Mon, 99 Nov 2026 12:00:00 GMT"])
def test_an_answer_that_does_not_say_when_it_was_written_changes_nothing(date: str | None) -> None:
    world = World()
    world.asks()
    before = world.clock.now()
    world.clock.heard(date, 1000.0)
    assert world.clock.now() == before


@pytest.mark.parametrize("status", [200, 409])
def test_every_answer_of_the_cluster_is_heard_refusals_too(status: int) -> None:
    class Answer:
        headers, reason = {"Date": "Tue, 01 Jan 2030 00:00:00 GMT"}, "OK"

        def __init__(self) -> None:
            self.status = status

        async def read(self) -> bytes:
            return json.dumps({"message": "exists"}).encode()

    class Server:
        async def request(self, *_: Any, **__: Any) -> Answer:
            return Answer()

    api = client.ApiClient(client.Configuration())
    api.rest_client = cast(Any, Server())
    cluster = Cluster(api)
    with contextlib.suppress(ApiError):
        asyncio.run(cluster.create(JOBS, "team", {}))
    assert abs(cluster.now() - datetime(2030, 1, 1, tzinfo=UTC)) < timedelta(minutes=1)
