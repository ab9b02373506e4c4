"""TranscriptionJobs in the loop: how often status is written, what a departed pod said last, what is over at first sight."""

import asyncio
from copy import deepcopy
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from tests.unit.operator.world import SETTINGS, Job, a_running_job, at, finished
from transcription_operator.apply import RefusedError
from transcription_operator.cluster import JOBS, ApiError, Cluster
from transcription_operator.controller import Controller
from transcription_operator.metrics import Metrics
from transcription_operator.repetition import FIRST_PAUSE


class Written:
    """A cluster that takes every status and remembers it."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.statuses: list[dict[str, Any]] = []

    async def merge(self, _: Any, __: str, ___: str, body: dict[str, Any], subresource: str | None = None) -> dict[str, Any]:
        assert subresource == "status"
        self.job.raw["status"].update(body["status"])
        metadata = self.job.raw["metadata"]
        metadata["resourceVersion"] = str(int(metadata["resourceVersion"]) + 1)
        self.statuses.append(deepcopy(self.job.raw["status"]))
        return self.job.raw

    async def create(self, *_: Any) -> dict[str, Any]:
        return {}


class Operator:
    """A controller that has seen a job with its child Job and pods."""

    def __init__(self, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
        self.job, self.cluster, self.monotonic = job, Written(job), 100.0
        monkeypatch.setattr("transcription_operator.controller.time.monotonic", lambda: self.monotonic)
        self.registry = CollectorRegistry()
        metrics = Metrics(self.registry, "test")
        self.controller = Controller(cast(Cluster, self.cluster), SETTINGS, metrics, lambda: at(self.monotonic - 90))
        self.look()

    def look(self) -> None:
        """Let it see everything as it is now."""
        self.controller.see_resource(self.job.raw)
        self.controller.see_job(self.job.child)
        for pod in self.job.pods.values():
            version = int(pod["metadata"]["resourceVersion"])
            pod["metadata"]["resourceVersion"] = str(version + 1)
            self.controller.see_pod(pod)

    def process(self) -> float | None:
        return asyncio.run(self.controller.process(self.job.raw["metadata"]["uid"]))


def test_figures_are_written_at_the_jobs_pace_and_news_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    job = a_running_job(parallelism=64)
    for index in range(64):
        job.with_shard(index, total=99)
    operator = Operator(job, monkeypatch)
    operator.process()
    assert len(operator.cluster.statuses) == 1
    for second in range(1, 4):
        job.with_shard(second, total=99, succeeded=second)
        operator.look()
        operator.monotonic += 1
        assert operator.process() == 4 - second
    assert len(operator.cluster.statuses) == 1
    operator.monotonic += 1
    operator.process()
    assert operator.cluster.statuses[-1]["files"]["succeeded"] == 1 + 2 + 3
    job.with_shard(9, total=99, stage="WaitingForStore", message="connection refused")
    operator.look()
    operator.process()
    assert operator.cluster.statuses[-1]["message"] == "connection refused"
    assert len(operator.cluster.statuses) == 3


def test_what_a_pod_said_last_is_written_though_the_pod_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    job = a_running_job(parallelism=2).with_shard(0, total=9, succeeded=1).with_shard(1, total=9, succeeded=2)
    operator = Operator(job, monkeypatch)
    operator.process()
    gone = job.with_shard(1, total=9, succeeded=4, languages={"en": 4}, stage="Interrupted")._pods_of(1)[0]
    operator.controller.see_pod(gone, deleted=True)
    operator.monotonic += 9
    operator.process()
    status = operator.cluster.statuses[-1]
    assert (status["files"]["succeeded"], status["languages"]) == (5, {"en": 4})
    operator.monotonic += 9
    assert operator.process() is None
    assert len(operator.cluster.statuses) == 2, "and then there is nothing left to write"


def test_what_others_make_elsewhere_in_its_name_brings_no_job_up(monkeypatch: pytest.MonkeyPatch) -> None:
    operator = Operator(a_running_job(), monkeypatch)
    operator.controller.queue.forget(operator.job.raw["metadata"]["uid"])
    (pod,) = operator.job.pods.values()
    for raw, see in ((operator.job.child, operator.controller.see_job), (pod, operator.controller.see_pod)):
        forged = deepcopy(raw)
        forged["metadata"] |= {"namespace": "elsewhere", "uid": "forged", "resourceVersion": "99"}
        see(forged)
        see(forged, deleted=True)
    assert len(operator.controller.queue) == 0


def test_a_change_that_is_refused_is_told_and_the_status_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """As by somebody's webhook: else nothing of a running job could be seen any more, until its end."""
    job = a_running_job().with_shard(total=9, succeeded=1).reconciled(5)
    operator = Operator(job, monkeypatch)
    merge = operator.cluster.merge

    async def refused(kind: Any, *arguments: Any) -> dict[str, Any]:
        if kind is JOBS:
            raise ApiError(403, 'admission webhook "sizes.example.com" denied the request')
        return await merge(kind, *arguments)

    monkeypatch.setattr(operator.cluster, "merge", refused)
    job.asking(parallelism=2).with_shard(total=9, succeeded=4).raw["metadata"]["resourceVersion"] = "9"
    operator.look()
    with pytest.raises(RefusedError):  # so that the loop tries again, ever more seldom
        operator.process()
    status = operator.cluster.statuses[-1]
    assert (status["phase"], status["files"]["succeeded"]) == ("Running", 4)
    assert status["observedGeneration"] == job.raw["metadata"]["generation"]
    assert status["message"] == (
        f"1 of 2 pods running; a change of Job {job.job_name} is refused, trying again: "
        'admission webhook "sizes.example.com" denied the request'
    )


def over(**spec: Any) -> Job:
    """A job whose end is recorded, and whose child Job has its time to live."""
    return finished(a_running_job(**spec).with_shard(total=1, succeeded=1, stage="Finished")).reconciled(100)


def listed(job: Job) -> Controller:
    """A controller that has just begun, and has listed everything."""
    controller = Controller(cast(Cluster, Written(job)), SETTINGS, Metrics(CollectorRegistry(), "test"), lambda: at(200))
    for child in job.children.values():
        controller.see_job(child)
    for pod in job.pods.values():
        controller.see_pod(pod)
    controller.see_resource(job.raw)
    return controller


def test_what_is_over_and_done_with_at_first_sight_is_never_looked_at() -> None:
    controller = listed(over())
    assert len(controller.queue) == 0


def test_what_is_over_but_not_done_with_is_looked_at() -> None:
    job = over()
    del job.child["spec"]["ttlSecondsAfterFinished"]
    assert len(listed(job).queue) == 1, "its Job lacks the time to live"
    assert len(listed(over().asking(runId="2")).queue) == 1, "another run is asked for"
    unseen = over()
    unseen.raw["metadata"]["generation"] += 1
    assert len(listed(unseen).queue) == 1, "observedGeneration is behind"


def test_what_is_done_with_is_looked_at_again_when_it_changes() -> None:
    job = over()
    controller = listed(job)
    job.asking(runId="2").raw["metadata"]["resourceVersion"] = "99"
    controller.see_resource(job.raw)
    assert len(controller.queue) == 1


def test_an_end_is_counted_although_its_event_comes_before_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch may be quicker than the answer to the very write that it tells of."""
    job = finished(a_running_job().with_shard(total=1, succeeded=1, stage="Finished"))
    del job.raw["spec"]["ttlSecondsAfterFinished"]  # so that nothing is left to do once the end is recorded
    operator = Operator(job, monkeypatch)
    answer = operator.cluster.merge

    async def slow_answer(*arguments: Any) -> dict[str, Any]:
        answered = deepcopy(await answer(*arguments))
        operator.controller.see_resource(deepcopy(answered))
        return answered

    monkeypatch.setattr(operator.cluster, "merge", slow_answer)
    operator.monotonic = 190.0
    operator.process()
    assert operator.cluster.statuses[-1]["phase"] == "Succeeded"
    assert operator.registry.get_sample_value(
        "transcription_jobs_finished_total", {"namespace": "team", "result": "succeeded", "reason": "Completed"}
    )


def test_a_status_that_is_stored_otherwise_than_asked_for_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The write's own event brings nothing new: the answer is known already."""
    operator = Operator(a_running_job().with_shard(total=9, succeeded=1), monkeypatch)
    merge = operator.cluster.merge

    async def changed(*arguments: Any) -> dict[str, Any]:
        answer = await merge(*arguments)
        answer["status"]["fileProgress"] = "theirs"
        return answer

    monkeypatch.setattr(operator.cluster, "merge", changed)
    assert operator.process() == FIRST_PAUSE
