"""The loop that all kinds share: whatever becomes of one object, it comes up again when it should, and the others go on."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

import pytest
from prometheus_client import CollectorRegistry

from transcription_operator.apply import StaleError
from transcription_operator.cluster import JOBS, ApiError
from transcription_operator.hearing import Hearing
from transcription_operator.logs import Subject
from transcription_operator.loop import Loop
from transcription_operator.metrics import Metrics
from transcription_operator.work_queue import WorkQueue


class Kind:
    """A kind of objects: what is to happen when the one of that name comes up; all others are done."""

    def __init__(self, *names: str, **behaviour: Callable[[], Awaitable[float | None]]) -> None:
        self.names, self.behaviour = names, behaviour
        self.queue: WorkQueue[str] = WorkQueue(lambda: asyncio.get_running_loop().time())
        self.hearing = Hearing(time.monotonic, [])
        self.seen: list[str] = []
        self.listings = self.until = 0
        self.enough = asyncio.Event()

    async def list_everything(self) -> None:
        self.listings += 1
        for name in self.names:
            self.queue.add(name)

    async def process(self, uid: str) -> float | None:
        self.seen.append(uid)
        if len(self.seen) == self.until:
            self.enough.set()
        return await self.behaviour[uid]() if uid in self.behaviour else None

    def subject(self, uid: str) -> Subject:
        return Subject("Thing", "team", uid, f"uid-of-{uid}", "run-1")

    def run(self, *, until: int, workers: int = 1, resync_seconds: float = 600) -> list[str]:
        """Let the loop see to them until so many were looked at."""
        self.until = until

        async def main() -> None:
            metrics = Metrics(CollectorRegistry(), "test")
            loop = Loop("Thing", self, self.queue, metrics, self.hearing, workers=workers, resync_seconds=resync_seconds)
            running = asyncio.create_task(loop.run())
            async with asyncio.timeout(5):
                await self.enough.wait()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        asyncio.run(main())
        return self.seen


def failing(*errors: Exception) -> Callable[[], Awaitable[None]]:
    """Raises one after the other, and then nothing any more."""
    left = list(errors)

    async def behave() -> None:
        if left:
            raise left.pop(0)

    return behave


def test_one_that_fails_comes_again_after_a_pause_and_delays_nobody(caplog: pytest.LogCaptureFixture) -> None:
    kind = Kind("bad", "good", bad=failing(ApiError(500, "no leader"), ValueError("a bug")))
    assert kind.run(until=4) == ["bad", "good", "bad", "bad"]
    said = [record.getMessage() for record in caplog.records]
    assert said == ["team/bad: 500: no leader; again in 0.5 s", "team/bad: unexpected error; again in 1.0 s"]
    assert caplog.records[1].exc_info, "a bug is shown with the place where it is"


def test_one_that_changed_meanwhile_is_looked_at_again_at_once() -> None:
    assert Kind("changed", "other", changed=failing(StaleError())).run(until=3) == ["changed", "other", "changed"]


def test_a_first_listing_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("transcription_operator.loop._SECONDS_TO_FIRST_LISTING", 0.01)
    kind = Kind("a")
    listing = kind.list_everything

    async def refused_once() -> None:
        await listing()
        kind.queue.forget("a")
        if kind.listings == 1:
            raise ApiError(403, "not yet")
        kind.queue.add("a")

    kind.list_everything = refused_once  # type: ignore[method-assign]
    with caplog.at_level(logging.WARNING):
        assert kind.run(until=1) == ["a"]
    assert caplog.messages == ["the first listing of Things failed, trying again: 403: not yet"]


def test_everything_is_listed_anew_now_and_then() -> None:
    kind = Kind("a")
    kind.run(until=4, resync_seconds=0.01)
    assert kind.listings >= 3


def test_what_is_at_work_when_the_loop_is_stopped_is_finished_and_nothing_more_is_begun() -> None:
    steps: list[str] = []

    async def two_writes() -> None:
        for name in ("Job", "status"):
            await asyncio.sleep(0.05)
            steps.append(name)

    assert Kind("busy", "waits", busy=two_writes).run(until=1) == ["busy"]
    assert steps == ["Job", "status"]


def test_what_cannot_be_finished_in_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transcription_operator.loop.FINISHING_SECONDS", 0.05)

    async def hangs() -> None:
        await asyncio.Event().wait()

    assert Kind("hangs", hangs=hangs).run(until=1) == ["hangs"]


def test_everything_is_listed_anew_when_a_watch_is_silent(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("transcription_operator.loop.PATIENCE", 0.01)
    kind = Kind("a")
    kind.hearing = Hearing(iter(range(0, 10**6, 60)).__next__, [])  # minutes pass
    kind.hearing.listed(JOBS, {"team": 7})
    kind.run(until=3)
    assert "the watch of jobs in all namespaces is silent: listing Things anew" in caplog.messages
