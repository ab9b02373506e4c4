"""The one who tells the sink: where he begins, what he does when things go wrong, and how he leaves."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from tests.unit.operator.test_lease import Stored
from tests.unit.operator.test_outbox import a_job
from transcription_api.names import ANNOTATION_TOLD_UNTIL
from transcription_operator.cloudevents import teller as module
from transcription_operator.cloudevents.answer import Answer
from transcription_operator.cloudevents.event import Event
from transcription_operator.cloudevents.outbox import Outbox
from transcription_operator.cloudevents.teller import Teller
from transcription_operator.cluster import ApiError, Cluster
from transcription_operator.hearing import Hearing
from transcription_operator.metrics import Metrics
from transcription_operator.settings import EventSink, LeaseName

SHORT: Any = 0.03
SETTINGS = EventSink.model_construct(
    url="https://sink.example.com/", source="", lease=LeaseName.model_construct(namespace="home", name="events", seconds=SHORT)
)


class Place(Stored):
    """An API server with jobs and a Lease, a sink, and the time for short pauses alone."""

    address = "https://sink.example.com"

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        monkeypatch.setattr(module, "_PAUSE_AFTER_ERROR", 0.0)
        monkeypatch.setattr(module, "_LOOK_SECONDS", 0.001)
        self.version = 100
        self.jobs: dict[str, dict[str, Any]] = {}
        self.begun: list[str] = []
        self.told: list[str] = []
        self.failures: list[Exception] = []
        """What goes wrong next, at listings and at sending."""
        self.hangs = False

    async def pages(self, *_: Any) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
        if self.failures and isinstance(self.failures[0], ApiError):
            raise self.failures.pop(0)
        yield str(self.version), list(self.jobs.values())

    async def send(self, event: Event) -> Answer:
        self.begun.append(event.uid)
        if self.failures and not isinstance(self.failures[0], ApiError):
            raise self.failures.pop(0)
        if self.hangs:
            await asyncio.sleep(60)
        self.told.append(event.uid)
        return Answer()

    def step(self, name: str) -> dict[str, Any]:
        """A job goes on."""
        self.version += 1
        before = self.jobs[name]["status"]["transitions"][-1]["number"] if name in self.jobs else 0
        self.jobs[name] = a_job(name, self.version, before + 1)
        return self.jobs[name]

    def teller(self) -> Teller:
        cluster, metrics = cast(Cluster, self), Metrics(CollectorRegistry(), "test")
        return Teller(cluster, self, SETTINGS, [], metrics, Hearing(time.monotonic, []))

    @property
    def told_until(self) -> int:
        assert self.lease is not None
        return int(self.lease["metadata"]["annotations"][ANNOTATION_TOLD_UNTIL])


Life = Callable[[Teller], Awaitable[None]]


def lives(teller: Teller, life: Life, *, killed: bool = False) -> None:
    """While the teller works; in the end it leaves in good order, or is killed."""

    async def main() -> None:
        async with asyncio.timeout(20):
            working = asyncio.create_task(teller.run())
            await life(teller)
            if not killed:
                await teller.drained()
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            if not killed:
                await teller.leave()

    asyncio.run(main())


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if holds():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("never")


def test_a_sink_that_is_new_is_told_of_what_happens_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch)
    place.step("before")

    async def life(teller: Teller) -> None:
        await until(lambda: teller._outbox is not None)
        teller.see(place.step("after"))
        teller.see(place.step("before"))
        await until(lambda: len(place.told) == 2)

    lives(place.teller(), life)
    assert place.told == ["after", "before"]
    assert place.lease is not None
    assert place.lease["spec"]["holderIdentity"] == ""


@pytest.mark.parametrize("killed", [True, False])
def test_who_goes_on_tells_what_was_not_told(monkeypatch: pytest.MonkeyPatch, killed: bool) -> None:
    place = Place(monkeypatch)
    monkeypatch.setattr(module, "_DRAIN_SECONDS", 0.02)

    async def first(teller: Teller) -> None:
        await until(lambda: teller._outbox is not None)
        teller.see(place.step("told"))
        await until(lambda: place.told == ["told"])
        place.hangs = True
        teller.see(place.step("under-way"))
        await until(lambda: "under-way" in place.begun)
        place.step("unseen")

    lives(place.teller(), first, killed=killed)
    place.hangs = False

    async def second(teller: Teller) -> None:
        await until(lambda: {"under-way", "unseen"} <= set(place.told))

    lives(place.teller(), second)


def test_who_leaves_tells_what_no_watch_has_shown_and_the_next_does_not_tell_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch)

    async def first(teller: Teller) -> None:
        await until(lambda: teller._outbox is not None)
        teller.see(place.step("seen"))
        await until(lambda: place.told == ["seen"])
        place.step("unseen")

    lives(place.teller(), first)
    assert place.told == ["seen", "unseen"]
    before = place.version

    async def second(teller: Teller) -> None:
        await until(lambda: place.version > before + 3)  # it has the Lease, and renews it

    lives(place.teller(), second)
    assert place.told == ["seen", "unseen"]


def test_what_goes_wrong_is_said_and_tried_again(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    place = Place(monkeypatch)
    place.failures = [ApiError(500, "no leader"), ApiError(500, "still none"), ValueError("a bug")]

    async def life(teller: Teller) -> None:
        await until(lambda: teller._outbox is not None)
        place.step("calls")
        while not place.told:
            teller.see(place.jobs["calls"])
            await asyncio.sleep(0.001)

    lives(place.teller(), life)
    said = [record.getMessage() for record in caplog.records]
    assert "telling the sink is interrupted: 500: no leader" in said
    assert "telling the sink is interrupted by an unexpected error" in said


def test_who_has_lost_the_lease_tells_no_more_until_it_is_his_again(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch)

    async def life(teller: Teller) -> None:
        await until(lambda: teller._outbox is not None)
        assert place.lease is not None
        place._store({**place.lease, "spec": {"holderIdentity": "another"}})
        await until(lambda: teller._outbox is None)
        teller.see(place.step("calls"))
        assert place.told == []
        await until(lambda: place.told == ["calls"])  # the other does not renew

    lives(place.teller(), life)


def test_a_lease_that_somebody_deletes_costs_no_event(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch)

    async def life(teller: Teller) -> None:
        await until(lambda: teller._outbox is not None)
        place.hangs = True
        teller.see(place.step("calls"))
        await until(lambda: place.begun == ["calls"])
        place.hangs, place.lease = False, None
        await until(lambda: place.told == ["calls"])

    lives(place.teller(), life)


def test_more_than_fits_is_told_by_and_by(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch)
    asyncio.run(place.teller()._taken())
    monkeypatch.setattr(module, "Outbox", partial(Outbox, most=4))
    for n in range(50):
        place.step(f"job-{n}")

    async def life(_: Teller) -> None:
        await until(lambda: len(set(place.told)) == 50)

    lives(place.teller(), life)
    assert len(place.told) == 50, "each once"


def test_what_is_told_until_moves_on_while_nothing_is_left_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch)
    asyncio.run(place.teller()._taken())
    before = place.told_until
    version = int(place.step("calls")["metadata"]["resourceVersion"])
    assert before < version

    async def life(_: Teller) -> None:
        await until(lambda: place.told == ["calls"] and place.told_until >= version)

    lives(place.teller(), life)
