"""What is yet to be told: nothing is lost, nothing is told twice without need, and memory has a bound."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from transcription_operator.cloudevents.outbox import LAG, Outbox


class Place:
    """An outbox with a clock of its own, whose events somebody tells."""

    def __init__(self, baseline: int = 100, most: int = 1000) -> None:
        self.now = 0.0
        self.lost: list[tuple[str, int]] = []
        self.outbox = Outbox(baseline, on_lost=lambda *what: self.lost.append(what), clock=lambda: self.now, most=most)

    def see(self, name: str, version: int, last: int, first: int = 1, deleted: bool = False) -> None:
        """A job that has made the steps `first` to `last`, as it was at `version`."""
        self.outbox.see(a_job(name, version, last, first), deleted=deleted)

    def tell_all(self) -> list[tuple[str, int]]:
        """Name and number of all that is there, in the order in which it is told."""
        told = []

        async def main() -> None:
            while len(self.outbox):
                async with asyncio.timeout(5):
                    uid = await self.outbox.queue.get()
                told.append((uid, int(self.outbox.head(uid).event.body.split(b'"number":')[1].split(b",")[0])))
                self.outbox.done(uid)

        asyncio.run(main())
        return told

    def later(self, seconds: float) -> int:
        self.now += seconds
        return self.outbox.told_until()


def a_job(name: str, version: int, last: int, first: int = 1) -> dict[str, Any]:
    steps = [
        {"number": n, "time": "2026-01-01T00:00:00Z", "jobName": "j", "phase": "Pending", "reason": "R"}
        for n in range(first, last + 1)
    ]
    metadata = {"namespace": "team", "name": name, "uid": name, "resourceVersion": str(version)}
    return {"metadata": metadata, "status": {"phase": "Pending", "transitions": steps}}


def test_what_was_stored_before_is_told_already_and_what_comes_is_told_once() -> None:
    place = Place(baseline=100)
    place.see("old", 90, 3)
    place.see("new", 110, 1)
    place.see("new", 111, 1)
    assert place.tell_all() == [("new", 1)]
    place.see("old", 120, 4)
    place.see("new", 121, 3)
    assert place.tell_all() == [("old", 4), ("new", 2), ("new", 3)]


def test_a_view_that_is_older_than_what_is_known_brings_nothing() -> None:
    place = Place()
    place.see("calls", 120, 3)
    place.see("calls", 110, 2)
    assert place.tell_all() == [("calls", 1), ("calls", 2), ("calls", 3)]


def test_a_status_that_was_emptied_begins_anew() -> None:
    place = Place()
    place.see("calls", 120, 3)
    place.tell_all()
    place.see("calls", 130, 0)
    place.see("calls", 131, 2)
    assert place.tell_all() == [("calls", 1), ("calls", 2)]


def test_the_jobs_take_turns_and_each_keeps_its_order() -> None:
    place = Place()
    place.see("a", 110, 2)
    place.see("b", 111, 2)
    assert place.tell_all() == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]


def test_what_is_here_of_a_job_that_is_deleted_is_told() -> None:
    place = Place()
    place.see("calls", 110, 1)
    place.see("calls", 111, 2, deleted=True)
    assert place.tell_all() == [("calls", 1), ("calls", 2)]


def test_transitions_that_others_have_displaced_are_counted() -> None:
    place = Place()
    place.see("calls", 110, 2)
    place.see("calls", 120, 30, first=15)
    place.see("calls", 121, 30, first=15)
    assert place.lost == [("team/calls", 12)]


def test_what_did_not_fit_is_not_counted_as_lost_meanwhile() -> None:
    place = Place(most=2)
    place.see("calls", 110, 1)
    for version in range(111, 120):
        place.see("calls", version, 30, first=15)
    assert place.lost == []
    place.tell_all()
    place.see("calls", 120, 30, first=15)
    assert place.lost == [("team/calls", 13)]


def test_all_is_told_up_to_the_oldest_that_is_not() -> None:
    place = Place(baseline=100)
    place.see("a", 110, 1)
    place.see("b", 120, 1)
    place.outbox.listed(130)
    assert place.later(1) == 109
    place.tell_all()
    assert place.later(1) == 130


def test_a_version_counts_once_the_watches_have_had_time_for_all_before_it() -> None:
    place = Place(baseline=100)
    place.see("a", 110, 1)
    place.tell_all()
    assert place.later(0) == 100
    place.see("a", 115, 1)
    assert place.later(LAG - 1) == 100
    assert place.later(1) == 110
    assert place.later(LAG) == 115


def test_a_watch_that_brings_something_late_takes_it_back() -> None:
    place = Place(baseline=100)
    place.see("a", 150, 0)
    place.later(0)
    assert place.later(LAG) == 150
    place.see("late", 140, 1)
    assert place.later(1) == 139


def test_while_a_watch_is_silent_no_version_counts() -> None:
    place = Place(baseline=100)
    place.see("a", 150, 0)
    for _ in range(10):
        place.now += LAG
        assert place.outbox.told_until(hears_all=False) == 100


def test_what_does_not_fit_stays_where_it_is_and_is_told_when_there_is_room() -> None:
    place = Place(baseline=0, most=8)
    cluster = {f"job-{n}": 10 + n for n in range(9)}

    def list_all() -> None:
        place.outbox.listing()
        for name, version in cluster.items():
            place.see(name, version, 2)
        place.outbox.listed(50)

    list_all()
    assert len(place.outbox) == 4
    assert not place.outbox.has_room_for_more
    assert place.later(LAG) < 10, "neither what is here nor what did not fit is told"
    told = place.tell_all()
    while place.outbox.has_room_for_more:
        list_all()
        assert len(place.outbox) <= 8
        told += place.tell_all()
    assert sorted(told) == sorted((name, number) for name in cluster for number in (1, 2))
    assert place.later(1) == 50


def test_a_crowd_in_one_namespace_leaves_room_for_anothers() -> None:
    place = Place(most=10)
    for n in range(30):
        place.see(f"crowd-{n}", 110 + n, 1)
    other = a_job("other", 150, 1)
    other["metadata"]["namespace"] = "another"
    place.outbox.see(other)
    assert [name for name, _ in place.tell_all()] == ["crowd-0", "other", "crowd-1", "crowd-2", "crowd-3", "crowd-4"]


def test_a_status_that_somebody_spoilt_disturbs_nobody() -> None:
    place = Place()
    for transitions in ([], None, ["x"], [{"number": "7"}], [{"number": 7}], [{"number": -1}], [None]):
        raw = a_job("spoilt", 110, 0)
        raw["status"]["transitions"] = transitions
        place.outbox.see(raw)
    place.see("calls", 111, 1)
    assert place.tell_all() == [("calls", 1)]


@given(
    steps=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30),
    kills=st.sets(st.integers(0, 29)),
    most=st.integers(1, 12),
)
def test_whatever_the_order_of_sights_and_kills_every_transition_is_told_and_each_jobs_in_order(
    steps: list[tuple[int, int]], kills: set[int], most: int
) -> None:
    """In each turn a job makes a step, which a watch brings some turns later; now and then another operator goes on."""
    stored: dict[str, list[int]] = {}  # of each job the version of each of its steps
    coming: dict[int, list[tuple[str, int]]] = {}  # turn -> jobs and how many of their steps are seen then
    place, told, told_until = Place(100, most), [], 100

    def list_all() -> None:
        place.outbox.listing()
        for name, versions in stored.items():
            place.see(name, versions[-1], len(versions))
        place.outbox.listed(100 + sum(map(len, stored.values())))

    for turn, (job, delay) in enumerate(steps):
        mine = stored.setdefault(f"job-{job}", [])
        mine.append(101 + turn)
        coming.setdefault(turn + delay, []).append((f"job-{job}", len(mine)))
        for name, count in coming.get(turn, []):
            place.see(name, stored[name][count - 1], count)
        if turn % 3 == 0:
            told += place.tell_all()
        told_until = place.later(LAG / 4)
        if turn in kills:
            place = Place(told_until, most)
            list_all()
    list_all()
    told += place.tell_all()
    while place.outbox.has_room_for_more:
        list_all()
        told += place.tell_all()
    for name, versions in stored.items():
        numbers = list(dict.fromkeys(number for told_of, number in told if told_of == name))
        assert numbers == list(range(1, len(versions) + 1))
    assert place.later(1) == 100 + len(steps)
