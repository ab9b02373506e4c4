"""A pod that is on its node and does not start says why: when its Events are read, which of them counts, what the user sees."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

from tests.unit.operator.world import Job, a_job, a_running_job, at, text
from transcription_operator.child_events import start_event
from transcription_operator.cluster import Cluster
from transcription_operator.observed import Told
from transcription_operator.reconcile import pod_to_explain

NO_FOLDER = 'MountVolume.SetUp failed for volume "models" : hostPath type check failed: /models is not a directory'


def placed() -> Job:
    """Its pod was made at second 1."""
    return a_job().reconciled().with_child(started=0).with_waiting_pod("ContainerCreating").on_node("dgx-1")


def is_asked(job: Job, seconds: float) -> bool:
    return pod_to_explain(job.observed(), at(seconds)) is not None


def test_events_are_read_of_a_pod_that_has_stood_on_its_node_for_a_few_seconds_and_of_no_other() -> None:
    assert not is_asked(placed(), 5)
    assert is_asked(placed(), 6)
    assert not is_asked(a_job().reconciled().with_child(started=0).with_waiting_pod("ContainerCreating"), 60), "no node yet"
    assert not is_asked(placed().with_waiting_pod("ErrImagePull").on_node("dgx-1"), 60), "its status says it"
    assert not is_asked(placed().with_running_pod(index=1), 60), "another one works"
    assert not is_asked(a_running_job(), 60)
    assert not is_asked(placed().child_ended("Failed", 5).reconciled(30), 60)


def test_a_volume_that_cannot_be_mounted_is_the_jobs_message_once_and_no_longer_than_it_lasts() -> None:
    job = placed()
    job.start_event = Told("FailedMount", NO_FOLDER)
    for seconds in (10, 20):
        job.reconciled(seconds)
        assert (job.status["phase"], job.condition("Running")["reason"]) == ("Pending", "VolumeNotMounted")
        assert job.status["message"] == NO_FOLDER
    assert job.events.count(("Warning", "VolumeNotMounted")) == 1
    job.start_event = None
    job.with_running_pod(since=25).reconciled(25)
    assert job.status["phase"] == "Running"


def test_a_pod_whose_sandbox_cannot_be_made_is_not_started() -> None:
    job = placed()
    job.start_event = Told("FailedCreatePodSandBox", "no runtime for nvidia is configured")
    assert job.reconciled(10).condition("Running")["reason"] == "ContainerNotStarted"
    assert job.status["message"] == "FailedCreatePodSandBox: no runtime for nvidia is configured"


def test_an_image_that_is_being_loaded_is_told_and_is_no_obstacle() -> None:
    job = placed()
    job.start_event = Told("Pulling", 'Pulling image "registry.example.com/transcription-runner:1"')
    assert job.reconciled(10).condition("Running")["reason"] == "PodsStarting"
    assert job.status["message"].endswith('the node loads the image: Pulling image "registry.example.com/transcription-runner:1"')
    job.start_event = Told("Pulled", "Successfully pulled image")
    assert job.reconciled(20).status["message"] == "waiting for the first pod to start"


def test_it_is_looked_at_again_at_growing_distances() -> None:
    job = placed()
    assert job.reconcile(2).requeue_after == 4
    job.start_event = Told("FailedMount", NO_FOLDER)
    assert [job.reconcile(seconds).requeue_after for seconds in (6, 21, 46, 3000)] == [5, 20, 45, 60]


def read(*events: dict[str, Any]) -> Told | None:
    class Server:
        async def pages(self, *_: object, **__: object) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
            yield "1", list(events)

    ((pod, since),) = [asked for asked in [pod_to_explain(placed().observed(), at(10))] if asked]
    return asyncio.run(start_event(cast(Cluster, Server()), pod, since))


def event(reason: str, seconds: float) -> dict[str, Any]:
    return {"reason": reason, "note": f"{reason} it", "metadata": {"creationTimestamp": text(at(seconds))}}


def test_the_last_word_on_the_start_counts_and_other_events_do_not() -> None:
    assert read(event("FailedMount", 3), event("Pulling", 5), event("Evicted", 9)) == Told("Pulling", "Pulling it")
    assert read(event("FailedMount", 7), event("Pulling", 5)) == Told("FailedMount", "FailedMount it")
    assert read(event("Scheduled", 1)) is None
    assert read() is None
