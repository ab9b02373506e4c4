"""429: what the API server asks for is done, by all requests, and they do not come back at the same moment."""

import asyncio
import json
from typing import Any, cast

import pytest
from kubernetes.aio import client

from transcription_operator.cluster import JOBS, ApiError, Cluster
from transcription_operator.throttle import LONGEST_PAUSE, MOST_REFUSALS, USUAL_PAUSE, Throttle


class Time:
    """A clock that sleeping moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def waited(throttle: Throttle, time: Time) -> float:
    before = time.now
    asyncio.run(throttle.passed())
    return time.now - before


@pytest.mark.parametrize(
    ("header", "pause"), [("7", 7), ("0", 0), (None, USUAL_PAUSE), ("soon", USUAL_PAUSE), ("86400", LONGEST_PAUSE)]
)
def test_the_pause_is_the_one_that_was_asked_for(header: str | None, pause: float) -> None:
    time = Time()
    throttle = Throttle(time, time.sleep, chance=lambda: 0.0)
    assert waited(throttle, time) == 0
    throttle.refused({} if header is None else {"Retry-After": header})
    assert waited(throttle, time) == pause
    assert waited(throttle, time) == 0


def test_those_who_wait_go_on_at_different_moments() -> None:
    time, chances = Time(), iter([0.0, 0.5, 0.9])
    moments = []
    for _ in range(3):
        throttle = Throttle(time, time.sleep, lambda: next(chances))
        throttle.refused({"Retry-After": "10"})
        moments.append(waited(throttle, time))
    assert moments == [10, 15, 19]


def test_a_later_refusal_prolongs_the_pause_and_a_shorter_one_does_not_cut_it() -> None:
    time = Time()
    throttle = Throttle(time, time.sleep, chance=lambda: 0.0)
    throttle.refused({"Retry-After": "10"})
    throttle.refused({"Retry-After": "1"})
    assert waited(throttle, time) == 10


class Answer:
    def __init__(self, status: int) -> None:
        self.status, self.headers, self.reason = status, {"Retry-After": "0"}, "Too Many Requests"

    async def read(self) -> bytes:
        return json.dumps({"message": "slow down"} if self.status >= 400 else {"metadata": {"name": "made"}}).encode()


def api(*statuses: int) -> client.ApiClient:
    """Answers with one status after the other."""
    left = list(statuses)

    class Server:
        async def request(self, *_: Any, **__: Any) -> Answer:
            return Answer(left.pop(0))

    made = client.ApiClient(client.Configuration())
    made.rest_client = cast(Any, Server())
    return made


def test_a_refused_request_is_counted_and_made_again() -> None:
    refusals: list[int] = []
    cluster = Cluster(api(429, 429, 201), lambda: refusals.append(1))
    assert asyncio.run(cluster.create(JOBS, "team", {})) == {"metadata": {"name": "made"}}
    assert len(refusals) == 2


def test_a_request_that_is_refused_for_long_fails_with_the_servers_words() -> None:
    cluster = Cluster(api(*[429] * (MOST_REFUSALS + 1)))
    with pytest.raises(ApiError, match="429: slow down"):
        asyncio.run(cluster.create(JOBS, "team", {}))
