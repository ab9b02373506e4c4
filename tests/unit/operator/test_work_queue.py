"""The queue: each object once, at its time, the lanes in turn, with pauses that grow."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def lane(key: str) -> str:
    """The lane of "crowd/3" is "crowd"."""
    return key.partition("/")[0]


def all_due(queue: WorkQueue[str]) -> list[str]:
    """Everything that is due, in order, each done before the next."""
    keys = []
    while (key := taken(queue)) is not None:
        queue.done(key)
        keys.append(key)
    return keys


def test_a_crowd_delays_the_first_of_another_lane_by_one(clock: Clock) -> None:
    queue = WorkQueue(clock, lane)
    for number in range(500):
        queue.add(f"crowd/{number}")
    assert taken(queue) == "crowd/0"
    queue.add("other/0")
    assert [taken(queue), taken(queue)] == ["crowd/1", "other/0"]


def test_lanes_take_turns_and_each_keeps_its_order(clock: Clock) -> None:
    queue = WorkQueue(clock, lane)
    for key in ("a/0", "a/1", "a/2", "b/0", "c/0", "c/1"):
        queue.add(key)
    assert all_due(queue) == ["a/0", "b/0", "c/0", "a/1", "c/1", "a/2"]


def test_within_a_lane_the_earlier_due_comes_first(clock: Clock) -> None:
    queue = WorkQueue(clock, lane)
    queue.add("a/late", 2)
    queue.add("a/early", 1)
    clock.now += 5
    queue.add("a/now")
    assert all_due(queue) == ["a/early", "a/late", "a/now"]


def test_what_is_forgotten_while_due_and_added_for_later_comes_later(clock: Clock) -> None:
    queue = WorkQueue(clock, lane)
    queue.add("a/0")
    queue.add("a/1")
    assert taken(queue) == "a/0"
    queue.forget("a/1")
    queue.add("a/1", 10)
    assert taken(queue) is None
    clock.now += 10
    assert taken(queue) == "a/1"


KEYS = st.sampled_from([f"{lane}/{number}" for lane in "abc" for number in range(3)])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), KEYS, st.sampled_from([0, 0, 1, 3])),
        st.tuples(st.just("take"), st.none(), st.none()),
        st.tuples(st.sampled_from(["done", "failed"]), KEYS, st.none()),
        st.tuples(st.just("wait"), st.none(), st.sampled_from([0.5, 1, 4])),
    ),
    max_size=60,
)


@given(STEPS)
def test_nothing_is_lost_nor_worked_on_twice_at_once_and_no_lane_is_passed_over(steps: list[tuple[str, str, float]]) -> None:
    clock = Clock()
    queue = WorkQueue(clock, lane)
    due: dict[str, float] = {}
    at_work: set[str] = set()
    since: Counter[str] = Counter()
    """How many were taken since a lane, in which something is due, had its turn."""

    def expected() -> set[str]:
        return {key for key, moment in due.items() if moment <= clock.now and key not in at_work}

    def take() -> None:
        wanted = expected()
        key = queue._next()[0]
        assert (key in wanted) if wanted else key is None
        if key is None:
            return
        for one in {lane(other) for other in wanted} - {lane(key)}:
            since[one] += 1
            assert since[one] <= 3, "each of the three lanes has its turn"
        since[lane(key)] = 0
        at_work.add(key)
        del due[key]

    for step, key, number in steps:
        if step == "add":
            queue.add(key, number)
            due[key] = min(due.get(key, float("inf")), clock.now + number)
        elif step == "take":
            take()
        elif step == "wait":
            clock.now += number
        elif key in at_work:
            at_work.remove(key)
            if step == "done":
                queue.done(key)
            else:
                pause = queue.failed(key)
                due[key] = min(due.get(key, float("inf")), clock.now + pause)
    clock.now += LONGEST_PAUSE
    for key in list(at_work):
        at_work.remove(key)
        queue.done(key)
    while expected():
        take()
        for key in list(at_work):
            at_work.remove(key)
            queue.done(key)
    assert queue._next()[0] is None
    assert len(queue) == 0
