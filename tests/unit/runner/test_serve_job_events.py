"""A job is followed by server-sent events until it is over, whatever happens meanwhile."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.runner.api_servers import FORBIDDEN, status
from tests.unit.runner.job_house import House, a_house, accepted, looked
from tests.unit.runner.services import Answered, client, until
from transcription_runner.serve.jobs import events as job_events
from transcription_runner.serve.service import Service


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with a_house(tmp_path, monkeypatch) as one:
        yield one


@pytest.fixture
def quick(house: House) -> None:
    house.patch.setattr(job_events, "TICK_SECONDS", 0.02)
    house.patch.setattr(job_events, "PACE_SECONDS", 0.02)


def told(answered: Answered) -> list[dict[str, Any]]:
    """The events of a stream; comments are none."""
    parts = answered.body.decode().split("\n\n")
    return [json.loads(part.removeprefix("data: ")) for part in parts if part.startswith("data: ")]


def followed(house: House, name: str, *scenes: Callable[[Service], object], **how: Any) -> Answered:
    """The stream of a job while things happen, each once somebody watches for it."""
    one = house.service()

    async def play() -> Answered:
        following = asyncio.create_task(client(one).ask(f"/jobs/{name}/events", method="GET", **how))
        for scene in scenes:
            house.api.asked.clear()
            await until(house.api.watched)
            scene(one)
        return await asyncio.wait_for(following, 20)

    answered = asyncio.run(play())
    assert one.jobs is not None
    assert one.jobs.streams.taken == 0
    return answered


def test_a_job_is_followed_from_its_first_state_to_its_last(house: House, quick: None) -> None:
    name = accepted(house.service())
    answered = followed(
        house,
        name,
        lambda _: house.api.becomes(name, phase="Running", progress="40%"),
        lambda _: house.api.becomes(name, phase="Succeeded", progress="100%"),
    )
    assert (answered.status, answered.headers["content-type"].partition(";")[0]) == (200, "text/event-stream")
    events = told(answered)
    assert [event["phase"] for event in events] == ["Pending", "Running", "Succeeded"]
    assert [event["over"] for event in events] == [False, False, True]
    assert (events[0]["position"], events[1]["progress"]) == (1, 40)


def test_a_job_that_is_over_is_told_at_once(house: House) -> None:
    name = accepted(house.service())
    house.done(name)
    assert [event["phase"] for event in told(looked(house.service(), name, "/events"))] == ["Succeeded"]


def test_whoever_follows_a_job_hears_that_it_is_deleted(house: House, quick: None) -> None:
    name = accepted(house.service())
    last = told(followed(house, name, lambda _: house.api.goes(name)))[-1]
    assert (last["phase"], last["over"]) == ("Deleted", True)


def test_a_stream_ends_when_the_service_is_told_to_stop_and_goes_on_with_another(house: House, quick: None) -> None:
    name = accepted(house.service())

    def stop(one: Service) -> None:
        assert one.jobs is not None
        one.jobs.ending = lambda: True

    assert [event["over"] for event in told(followed(house, name, stop))] == [False]
    house.done(name)
    assert [event["over"] for event in told(looked(house.service(), name, "/events"))] == [True]


def test_a_client_that_stops_listening_frees_its_place(house: House, quick: None) -> None:
    name, gone = accepted(house.service()), asyncio.Event()
    assert told(followed(house, name, lambda _: gone.set(), hang_up=gone))[0]["over"] is False


def test_an_outage_of_the_api_server_ends_no_stream(house: House, quick: None) -> None:
    name = accepted(house.service())

    def fall(_: Service) -> None:
        house.api.refusals |= dict.fromkeys(("get", "watch"), status(503, "starting", "ServiceUnavailable"))
        house.api.becomes(name, phase="Running")

    def rise(_: Service) -> None:
        house.api.refusals.clear()
        house.api.becomes(name, phase="Succeeded")

    assert told(followed(house, name, fall, rise))[-1]["phase"] == "Succeeded"


def test_a_right_that_is_lost_ends_a_stream_with_its_error(house: House, quick: None) -> None:
    name = accepted(house.service())

    def lose(_: Service) -> None:
        house.api.refusals["get"] = status(403, FORBIDDEN, "Forbidden")
        house.api.becomes(name, phase="Running")

    assert told(followed(house, name, lose))[-1]["error"]["code"] == "RightMissing"
