"""Many calls at once: bounded, nothing lost, the first failure ends it; and a pod never claims more than it will soon do."""

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Lock, Thread

import pytest

from transcription_runner.batch.ahead import FIRST_PLACES, Ahead, Fetched
from transcription_runner.batch.claims import Claim
from transcription_runner.batch.parallel import for_each, in_order
from transcription_runner.batch.scratch import Scratch
from transcription_runner.batch.sources import SourceFile


class Gauge:
    """How many calls are in it, and how many were at most."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.seen: list[int] = []
        self._lock = Lock()

    def enter(self, item: int) -> None:
        self(item)

    def __call__(self, item: int) -> int:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.005)
        with self._lock:
            self.now -= 1
            self.seen.append(item)
        return item * item


def test_every_item_is_done_once_and_no_more_than_so_many_at_a_time() -> None:
    gauge = Gauge()
    for_each(gauge.enter, range(40), threads=4)
    assert sorted(gauge.seen) == list(range(40))
    assert gauge.most == 4


def test_items_are_taken_only_as_threads_become_free() -> None:
    taken: list[int] = []
    release = Event()

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    thread = Thread(target=for_each, args=(lambda _: release.wait(5), items(), 3))
    thread.start()
    deadline = time.monotonic() + 5
    while len(taken) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert taken == [0, 1, 2]
    release.set()
    thread.join(5)
    assert len(taken) == 100


def test_the_first_failure_is_raised_after_all_calls_have_ended_and_nothing_new_is_begun() -> None:
    stop, begun, ended = Event(), [], []

    def work(item: int) -> None:
        begun.append(item)
        if item == 1:
            raise ValueError("no")
        stop.wait(5)
        ended.append(item)

    with pytest.raises(ValueError, match="no"):
        for_each(work, range(100), 3, on_failure=stop.set)
    assert set(begun) <= {0, 1, 2}
    assert sorted([*ended, 1]) == sorted(begun)


def test_a_source_that_fails_is_a_failure() -> None:
    def items() -> Iterator[int]:
        yield 0
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        for_each(lambda _: None, items(), 2)


def test_results_in_order_come_in_order_and_side_by_side() -> None:
    gauge = Gauge()
    assert list(in_order(gauge, range(30), 4)) == [(number, number * number) for number in range(30)]
    assert 1 < gauge.most <= 4


def test_results_in_order_end_with_a_failure_or_when_nobody_reads() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_order(lambda number: 1 // (5 - number), range(10)))
    gauge = Gauge()
    reading = in_order(gauge, range(1000), 4)
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    time.sleep(0.05)
    assert len(gauge.seen) < 20


def fetched(number: int) -> Fetched:
    return Fetched(SourceFile(f"{number}.wav"), Claim(str(number), 0))


def places(ahead: Ahead) -> int:
    """How many more files may be claimed now, without waiting."""
    got = 0
    while True:
        thread = Thread(target=ahead.reserve, daemon=True)
        thread.start()
        thread.join(0.03)
        if thread.is_alive():
            return got
        got += 1


def test_few_files_are_claimed_until_the_engine_takes_some() -> None:
    ahead = Ahead(8, Event())
    assert places(ahead) == FIRST_PLACES


def test_a_file_that_is_taken_frees_its_place_and_earns_another_up_to_the_most() -> None:
    ahead = Ahead(5, Event())
    taking = iter(ahead)
    for number in range(10):
        assert ahead.reserve()
        ahead.put(fetched(number))
        assert next(taking).file.key == f"{number}.wav"
    assert places(ahead) == 5


def test_nothing_is_given_out_and_no_place_is_had_after_a_stop() -> None:
    stop = Event()
    ahead = Ahead(5, stop)
    assert ahead.reserve()
    ahead.put(fetched(0))
    stop.set()
    assert list(ahead) == []
    assert not ahead.reserve()


def test_what_was_put_is_given_out_before_the_end() -> None:
    ahead = Ahead(5, Event())
    ahead.put(fetched(0))
    ahead.close()
    assert [one.file.key for one in ahead] == ["0.wav"]


def test_a_large_object_is_not_overtaken_by_small_ones() -> None:
    scratch, stop = Scratch(100), Event()
    first = scratch.reserve(60, stop)
    assert first is not None
    order: list[str] = []

    def reserve(name: str, size: int) -> None:
        path = scratch.reserve(size, stop)
        order.append(name)
        assert isinstance(path, Path)
        scratch.free(path)

    threads = [Thread(target=reserve, args=one) for one in (("large", 90), ("small", 10))]
    for thread in threads:
        thread.start()
        time.sleep(0.02)
    assert order == []
    scratch.free(first)
    for thread in threads:
        thread.join(2)
    assert order == ["large", "small"]
    scratch.close()


def test_what_is_known_is_not_worked_for_and_comes_in_its_place() -> None:
    gauge = Gauge()
    told = dict(in_order(gauge, range(20), at_once=4, known=lambda item: -item if item % 5 else None))
    assert list(told) == list(range(20))
    assert [value for item, value in told.items() if item % 5] == [-item for item in range(20) if item % 5]
    assert sorted(gauge.seen) == [0, 5, 10, 15]
