"""The queue: each object once, at its time, with pauses that grow."""

import asyncio

import pytest

from transcription_operator.work_queue import FIRST_PAUSE, LONGEST_PAUSE, WorkQueue


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(queue: WorkQueue[str]) -> str | None:
    """The next key if one is due now."""

    async def take() -> str | None:
        try:
            async with asyncio.timeout(0.01):
                return await queue.get()
        except TimeoutError:
            return None

    return asyncio.run(take())


def test_what_is_added_twice_comes_once(clock: Clock) -> None:
    queue: WorkQueue[str] = WorkQueue(clock)
    queue.add("a")
    queue.add("a")
    assert taken(queue) == "a"
    queue.done("a")
    assert taken(queue) is None


def test_the_earlier_time_wins(clock: Clock) -> None:
    queue: WorkQueue[str] = WorkQueue(clock)
    queue.add("a", 10)
    queue.add("a", 5)
    queue.add("a", 20)
    clock.now += 5
    assert taken(queue) == "a"
    queue.done("a")
    clock.now += 100
    assert taken(queue) is None


def test_an_object_in_work_comes_up_again_only_when_it_is_done(clock: Clock) -> None:
    queue: WorkQueue[str] = WorkQueue(clock)
    queue.add("a")
    assert taken(queue) == "a"
    queue.add("a")
    assert taken(queue) is None
    queue.done("a")
    assert taken(queue) == "a"


def test_pauses_grow_to_a_limit_and_success_resets_them(clock: Clock) -> None:
    queue: WorkQueue[str] = WorkQueue(clock)
    pauses = []
    for _ in range(12):
        queue.add("a")
        assert taken(queue) == "a"
        pauses.append(queue.failed("a"))
    assert pauses[:3] == [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4]
    assert max(pauses) == LONGEST_PAUSE
    clock.now += LONGEST_PAUSE
    assert taken(queue) == "a"
    queue.done("a")
    queue.add("a")
    assert taken(queue) == "a"
    assert queue.failed("a") == FIRST_PAUSE


def test_a_change_during_a_pause_is_looked_at_without_waiting(clock: Clock) -> None:
    queue: WorkQueue[str] = WorkQueue(clock)
    queue.add("a")
    taken(queue)
    queue.failed("a")
    queue.add("a")
    assert taken(queue) == "a"


def test_what_is_forgotten_does_not_come(clock: Clock) -> None:
    queue: WorkQueue[str] = WorkQueue(clock)
    queue.add("a", 1)
    queue.forget("a")
    clock.now += 10
    assert taken(queue) is None
    assert len(queue) == 0


def test_waiting_workers_share_what_comes() -> None:
    async def main() -> list[str]:
        queue: WorkQueue[str] = WorkQueue(asyncio.get_running_loop().time)
        workers = [asyncio.create_task(queue.get()) for _ in range(3)]
        await asyncio.sleep(0)
        for key in "abc":
            queue.add(key, 0.01)
        return sorted(await asyncio.gather(*workers))

    assert asyncio.run(main()) == ["a", "b", "c"]
