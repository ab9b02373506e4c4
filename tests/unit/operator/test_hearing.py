"""A watch that is silent is noticed by what a listing shows, and one that only lags is not."""

import pytest

from transcription_operator.cluster import JOBS, PODS
from transcription_operator.health import Health
from transcription_operator.hearing import HOPE, PATIENCE, Hearing


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def an_object(version: int, namespace: str = "team") -> dict[str, dict[str, str]]:
    return {"metadata": {"namespace": namespace, "resourceVersion": str(version)}}


def test_a_watch_that_tells_what_a_listing_shows_is_not_silent(clock: Clock) -> None:
    hearing = Hearing(clock, [])
    hearing.listed(JOBS, {"team": 7, "other": 9})
    assert hearing.silent() == [], "it may lag"
    clock.now += PATIENCE
    assert hearing.silent() == ["jobs in all namespaces"]
    hearing.told(JOBS, an_object(9))
    assert hearing.silent() == []


def test_a_watch_that_lags_far_behind_is_not_silent(clock: Clock) -> None:
    hearing = Hearing(clock, [])
    hearing.listed(JOBS, {"team": 90})
    for version in range(10, 90):
        clock.now += PATIENCE - 1
        hearing.told(JOBS, an_object(version))
        assert hearing.silent() == []
    clock.now += PATIENCE
    assert hearing.silent() == ["jobs in all namespaces"], "and then it stops"


def test_nothing_new_is_no_silence(clock: Clock) -> None:
    hearing = Hearing(clock, [])
    hearing.listed(JOBS, {})
    hearing.told(PODS, an_object(5))
    hearing.listed(PODS, {"team": 5})
    clock.now += 10 * HOPE
    assert hearing.silent() == []


def test_a_silence_counts_from_when_it_was_noticed_however_often_is_listed_meanwhile(clock: Clock) -> None:
    hearing = Hearing(clock, [])
    for version in range(7, 20):
        hearing.listed(JOBS, {"team": version})
        clock.now += HOPE / 12
    assert hearing.silent(HOPE) == ["jobs in all namespaces"]


def test_what_is_deleted_before_the_watch_began_is_not_waited_for(clock: Clock) -> None:
    hearing = Hearing(clock, [])
    hearing.listed(JOBS, {"team": 9})
    hearing.told(JOBS, an_object(5))
    clock.now += PATIENCE
    hearing.listed(JOBS, {"team": 5})
    assert hearing.silent(0) == []


def test_each_served_namespace_has_a_watch_of_its_own(clock: Clock) -> None:
    hearing = Hearing(clock, ["red", "blue"])
    hearing.listed(JOBS, {"red": 7, "blue": 9})
    hearing.told(JOBS, an_object(20, "red"))
    clock.now += PATIENCE
    assert hearing.silent() == ["jobs in blue"]


def test_a_silent_watch_is_a_reason_not_to_be_ready_and_after_long_not_to_be_alive(clock: Clock) -> None:
    hearing = Hearing(clock, [])
    health = Health(hearing)
    assert health.why_not_ready() == ["waiting for the API server"]
    health.waits_for = None
    hearing.listed(JOBS, {"team": 7})
    assert health.why_not_ready() == ["the watch of jobs in all namespaces is silent"], "it has yet to begin"
    hearing.told(JOBS, an_object(7))
    assert health.why_not_ready() == []
    hearing.listed(JOBS, {"team": 8})
    assert health.why_not_ready() == [], "it may lag"
    clock.now += PATIENCE
    assert health.why_not_ready() == ["the watch of jobs in all namespaces is silent"]
    assert health.why_not_alive() == []
    clock.now += HOPE
    assert health.why_not_alive() == ["the watch of jobs in all namespaces is silent, and does not come back"]
