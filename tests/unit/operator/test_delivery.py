"""From the outbox to the sink: what it does not take comes again, others do not suffer from one, and nothing is hurried."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from tests.unit.operator.test_outbox import a_job
from transcription_operator.cloudevents.answer import LONGEST_ASKED_FOR, Answer, judged
from transcription_operator.cloudevents.delivery import AT_ONCE, MOST_REFUSALS, Delivery
from transcription_operator.cloudevents.event import Event
from transcription_operator.cloudevents.outbox import Outbox
from transcription_operator.cloudevents.pauses import FIRST_PAUSE, LONGEST_PAUSE, Pauses
from transcription_operator.metrics import Metrics

NOW = datetime(2026, 11, 28, 15, 0, 0, tzinfo=UTC)
TAKEN, AWAY, REFUSED, GONE = Answer(), Answer("ServerError", "HTTP 503"), Answer("EventRefused", "HTTP 422"), Answer("Gone")


class Place:
    """A sink that answers as `answers` says for a job, an outbox, and a clock that only pauses move on."""

    address = "https://sink.example.com"

    def __init__(self, answers: Callable[[str], Answer] = lambda _: TAKEN) -> None:
        self.answers = answers
        self.now = 0.0
        self.tried: list[str] = []
        self.told: list[str] = []
        self.pauses: list[float] = []
        self.at_once = self.most_at_once = 0
        self.registry = CollectorRegistry()
        self.outbox = Outbox(100, clock=lambda: self.now)
        pauses = Pauses(lambda: self.now, self.sleep, chance=lambda: 0.0)
        self.delivery = Delivery(self, Metrics(self.registry, "test"), lambda: self.now, pauses)

    async def send(self, event: Event) -> Answer:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        self.tried.append(event.uid)
        answer = self.answers(event.uid)
        self.told += [event.uid] if answer is TAKEN else []
        return answer

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    def run(self, *jobs: str, until: Callable[[], bool], tick: float = 0.0) -> None:
        """Tell of these jobs until it is so; the clock moves on by `tick` with each turn of the event loop."""
        for number, job in enumerate(jobs):
            self.outbox.see(a_job(job, 110 + number, 1))

        async def until_done() -> None:
            while not until():
                self.now += tick
                await asyncio.sleep(0)

        asyncio.run(self._beside(until_done()))

    async def _beside(self, waiting: Coroutine[Any, Any, None]) -> None:
        async with asyncio.timeout(20):
            delivering = asyncio.create_task(self.delivery.run(self.outbox))
            waking = asyncio.create_task(self._wake())
            await waiting
            for task in (delivering, waking):
                task.cancel()
            await asyncio.gather(delivering, waking, return_exceptions=True)

    async def _wake(self) -> None:
        """The queue waits in real seconds: let it look at the clock that is moved."""
        while True:
            await asyncio.sleep(0)
            self.outbox.queue._changed.set()

    def counted(self, name: str, cause: str | None = None) -> float:
        labels = {"cause": cause} if cause else {}
        return self.registry.get_sample_value(f"transcription_operator_cloudevents_{name}_total", labels) or 0.0


def test_several_are_told_at_once_and_not_more_than_that() -> None:
    place = Place()
    place.run(*(f"job-{n}" for n in range(50)), until=lambda: not len(place.outbox))
    assert sorted(place.told) == sorted(f"job-{n}" for n in range(50))
    assert place.most_at_once == AT_ONCE
    assert place.counted("delivered") == 50


def test_a_sink_that_is_away_is_asked_ever_more_seldom_and_by_one_event_at_a_time() -> None:
    place = Place(lambda _: AWAY)
    place.run(*(f"job-{n}" for n in range(50)), until=lambda: len(place.pauses) >= 9)
    assert [round(pause) for pause in place.pauses[:9]] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert len(place.tried) <= AT_ONCE + len(place.pauses)
    assert len(place.outbox) == 50, "nothing is given up"


def test_when_it_is_back_everything_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    place = Place()
    place.answers = lambda _: AWAY if len(place.tried) < 20 else TAKEN
    place.run(*(f"job-{n}" for n in range(50)), until=lambda: not len(place.outbox))
    assert sorted(place.told) == sorted(f"job-{n}" for n in range(50))
    warned, back = (record.getMessage() for record in caplog.records)
    assert warned.startswith("the sink https://sink.example.com does not take events (ServerError: HTTP 503)")
    assert back == "the sink https://sink.example.com takes events again"


def test_an_event_that_is_refused_while_others_are_taken_is_given_up_in_the_end_and_delays_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    place = Place(lambda uid: REFUSED if uid == "bad" else TAKEN)
    version = 1000

    def still_refused() -> bool:
        nonlocal version
        version += 1
        place.outbox.see(a_job(f"more-{version}", version, 1))
        return place.counted("given_up", "EventRefused") == 1

    place.run("bad", "good", until=still_refused, tick=0.5)
    assert place.tried.count("bad") >= MOST_REFUSALS
    assert "team/bad: Pending (run j): given up" in caplog.text
    assert all(pause <= FIRST_PAUSE for pause in place.pauses)
    assert "bad" not in place.told


def test_a_sink_that_refuses_everything_is_waited_for_as_one_that_is_away() -> None:
    place = Place(lambda _: REFUSED)
    place.run("a", "b", "c", until=lambda: len(place.pauses) >= 30, tick=0.5)
    assert len(place.outbox) == 3, "it is not set up rightly, and may yet be"
    assert place.pauses[-1] == LONGEST_PAUSE


def test_gone_is_for_good(caplog: pytest.LogCaptureFixture) -> None:
    place = Place(lambda _: GONE)
    place.run(*(f"job-{n}" for n in range(20)), until=lambda: place.delivery.gone.is_set() and not place.at_once)
    assert len(place.tried) <= AT_ONCE
    assert place.counted("given_up", "Gone") == 20
    assert caplog.text.count("wants no more events") == 1


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (200, None),
        (204, None),
        (299, None),
        (101, "Redirected"),
        (301, "Redirected"),
        (307, "Redirected"),
        (400, "EventRefused"),
        (401, "Denied"),
        (404, "Denied"),
        (409, "EventRefused"),
        (410, "Gone"),
        (422, "EventRefused"),
        (429, "TooManyRequests"),
        (500, "ServerError"),
        (503, "ServerError"),
        (599, "ServerError"),
    ],
)
def test_what_an_answer_means(status: int, cause: str | None) -> None:
    assert judged(status, {}, NOW).cause == cause


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("Sat, 28 Nov 2026 15:00:30 GMT", 30),
        ("Sat, 28 Nov 2026 14:00:00 GMT", 0),
        ("Sat, 28 Nov 2099 15:00:00 GMT", LONGEST_ASKED_FOR),
        ("9" * 400, LONGEST_ASKED_FOR),
        ("soon", 0),
        ("", 0),
    ],
)
def test_as_long_as_it_asks_for_it_is_left_alone(header: str, seconds: float) -> None:
    assert judged(429, {"Retry-After": header}, NOW).retry_after == seconds


@given(st.text())
def test_whatever_stands_in_retry_after_is_read_or_left(text: str) -> None:
    assert 0 <= judged(503, {"Retry-After": text}, NOW).retry_after <= LONGEST_ASKED_FOR


def test_failures_that_were_under_way_together_count_once_and_retry_after_prolongs() -> None:
    now = 0.0
    pauses = Pauses(lambda: now, chance=lambda: 0.0)
    now = 1.0
    assert pauses.failed(began=0.0) == 1
    assert pauses.failed(began=0.5) == 1
    now = 2.0
    assert pauses.failed(began=2.0) == 2
    assert pauses.failed(began=1.5, asked_for=30) == 30
    pauses.succeeded()
    assert not pauses.failing


@pytest.mark.parametrize(("chance", "pause"), [(0.0, 1.0), (0.5, 0.75), (1.0, 0.5)])
def test_pauses_are_shorter_by_chance_never_longer(chance: float, pause: float) -> None:
    assert Pauses(lambda: 0.0, chance=lambda: chance).failed(began=0.0) == pause
