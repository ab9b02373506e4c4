"""A Job that can make no pod says why: when its Events are read, which of them counts, and what the user sees."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

from tests.unit.operator.world import Job, a_job, a_running_job, at, text
from transcription_operator.child_events import creation_failure, latest
from transcription_operator.cluster import Cluster
from transcription_operator.observed import Told
from transcription_operator.reconcile import job_to_explain

QUOTA = 'Error creating: pods "calls-0-" is forbidden: exceeded quota: no-pods, requested: pods=1, used: pods=0, limited: pods=0'
CLASS = 'Error creating: pods "calls-0-" is forbidden: pod rejected: RuntimeClass "nope" not found'


def podless() -> Job:
    return a_job().reconciled().with_child(started=0)


def is_asked(job: Job, seconds: float) -> bool:
    return job_to_explain(job.observed(), at(seconds)) is not None


def test_events_are_read_of_a_job_that_has_made_no_pod_for_a_few_seconds_and_of_no_other() -> None:
    assert not is_asked(podless(), 4)
    assert is_asked(podless(), 5)
    assert not is_asked(podless().with_unschedulable_pod("no GPU"), 60)
    assert not is_asked(a_running_job(), 60)
    assert not is_asked(a_running_job().asking(suspend=True).reconciled(5).without_pods(), 60)
    assert not is_asked(podless().child_ended("Failed", 5), 60)
    assert not is_asked(a_job().reconciled(), 60), "a Job that its controller has not seen yet"


def test_the_causes_are_the_jobs_own_words_and_change_with_them() -> None:
    job = podless()
    for cause in (CLASS, QUOTA):
        job.creation_failure = cause
        job.reconciled(10)
        assert (job.status["phase"], job.condition("Running")["reason"]) == ("Pending", "PodsNotCreated")
        assert job.status["message"] == cause
    assert job.events.count(("Warning", "PodsNotCreated")) == 1
    job.creation_failure = None
    job.with_running_pod(since=12).reconciled(12)
    assert job.status["phase"] == "Running"


def test_a_job_whose_pods_are_gone_and_cannot_be_made_again_is_pending() -> None:
    job = a_running_job().without_pods()
    assert is_asked(job, 60)
    job.creation_failure = QUOTA
    job.reconciled(60)
    assert (job.status["phase"], job.status["message"]) == ("Pending", QUOTA)


def test_it_is_looked_at_again_at_growing_distances() -> None:
    job = podless()
    assert job.reconcile(2).requeue_after == 3
    job.creation_failure = QUOTA
    assert [job.reconcile(seconds).requeue_after for seconds in (5, 20, 45, 3000)] == [5, 20, 45, 60]


def event(note: str, **when: Any) -> dict[str, Any]:
    return {"note": note, "metadata": {"creationTimestamp": text(at(0))}, **when}


def test_the_last_event_counts_by_the_time_that_its_writer_gave_it() -> None:
    events = [
        event("first", deprecatedLastTimestamp=text(at(50))),
        event("(combined from similar events): last", series={"lastObservedTime": text(at(60)), "count": 3}),
        event("second", eventTime=text(at(55))),
        event("without a time"),
    ]
    assert latest(events, at(10)) == Told("", "last")
    assert latest([], at(10)) is None


def test_what_was_said_before_pods_could_be_made_is_over() -> None:
    assert latest([event("quota", deprecatedLastTimestamp=text(at(50)))], at(51)) is None


def test_an_event_of_any_length_becomes_a_message_of_a_bounded_one() -> None:
    told = latest([event("x" * 5000, deprecatedLastTimestamp=text(at(50)))], at(1))
    assert told is not None
    assert len(told.note) == 1000


def test_thousands_of_events_that_somebody_wrote_are_not_read_to_the_end() -> None:
    asked: list[int] = []

    class Endless:
        async def pages(self, *_: object, **__: object) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
            while True:
                asked.append(1)
                yield "1", [event("exceeded quota", eventTime=text(at(20)))]

    (job,) = podless().observed().jobs
    assert asyncio.run(creation_failure(cast(Cluster, Endless()), job, at(10))) == "exceeded quota"
    assert len(asked) == 1


def test_few_events_are_asked_for_since_each_may_be_a_megabyte() -> None:
    asked: list[int] = []

    class Server:
        async def pages(self, *_: object, limit: int = 500, **__: object) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
            asked.append(limit)
            yield "1", []

    (job,) = podless().observed().jobs
    assert asyncio.run(creation_failure(cast(Cluster, Server()), job, at(10))) is None
    assert asked == [30]
