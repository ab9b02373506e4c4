"""A schedule's turn: everything that follows from one another is done in it, and what does not stay done is not done for ever."""

import asyncio
from collections.abc import Callable
from copy import deepcopy
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from tests.unit.operator.schedule_world import MONDAY, a_schedule, moment, named
from tests.unit.operator.world import SETTINGS
from transcription_operator.apply import RefusedError
from transcription_operator.cluster import ApiError, Cluster, Kind
from transcription_operator.metrics import Metrics
from transcription_operator.schedule.controller import ScheduleController

THREE = "2026-11-23T03:00"
Policy = Callable[[dict[str, Any]], object]


class Server:
    """An API server with one schedule. `policy` may change what is written."""

    def __init__(self, raw: dict[str, Any], policy: Policy = id) -> None:
        self.raw, self.policy, self.version = raw, policy, 1
        self.jobs: dict[str, dict[str, Any]] = {}
        self.refusal: ApiError | None = None
        self.status_writes = 0
        self.events: list[str] = []

    def _stored(self, document: dict[str, Any]) -> dict[str, Any]:
        self.policy(document)
        self.version += 1
        document["metadata"]["resourceVersion"] = str(self.version)
        return deepcopy(document)

    async def create(self, kind: Kind, namespace: str, body: dict[str, Any]) -> dict[str, Any]:
        if kind.plural == "events":
            self.events.append(body["reason"])
            return body
        if self.refusal:
            raise self.refusal
        name = body["metadata"]["name"]
        if name in self.jobs:
            raise ApiError(409, "exists")
        body = deepcopy(body)
        body["metadata"] |= {"uid": f"uid-of-{name}", "creationTimestamp": "2026-11-23T03:00:00Z"}
        self.jobs[name] = body
        return self._stored(body)

    async def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any]:
        return deepcopy(self.jobs[name])

    async def merge(self, kind: Kind, namespace: str, name: str, body: dict[str, Any], subresource: str) -> dict[str, Any]:
        self.status_writes += 1
        self.raw.setdefault("status", {}).update(body["status"])
        return self._stored(self.raw)


class Turn:
    """A controller that has seen the schedule, at three o'clock."""

    def __init__(self, server: Server, now: str = THREE) -> None:
        self.server = server
        self.registry = CollectorRegistry()
        self.controller = ScheduleController(cast(Cluster, server), SETTINGS, Metrics(self.registry, "test"), lambda: moment(now))
        self.controller.see_schedule(deepcopy(server.raw))

    def __call__(self) -> float | None:
        return asyncio.run(self.controller.process("uid-of-nightly"))


def test_a_job_is_made_and_told_in_one_turn() -> None:
    turn = Turn(Server(a_schedule().raw))
    assert turn() == 24 * 3600
    assert list(turn.server.jobs) == [named(THREE)]
    assert (turn.server.status_writes, turn.server.events) == (1, ["JobCreated"])


def test_a_job_that_is_there_already_is_the_same_run() -> None:
    first = Turn(Server(a_schedule().raw))
    first()
    first.server.raw.pop("status")
    second = Turn(first.server)
    assert second() == 24 * 3600
    assert len(second.server.jobs) == 1
    assert second.server.events == ["JobCreated"]
    assert second.server.raw["status"]["activeCount"] == 1


def test_a_refusal_is_told_once_and_the_job_tried_again() -> None:
    turn = Turn(Server(a_schedule().raw))
    turn.server.refusal = ApiError(403, "exceeded quota")
    for _ in range(3):
        with pytest.raises(RefusedError):
            turn()
    assert turn.server.raw["status"]["message"] == "exceeded quota"
    assert (turn.server.status_writes, turn.server.events) == (1, ["JobRejected"])
    turn.server.refusal = None
    turn()
    assert list(turn.server.jobs) == [named(THREE)]


def test_a_job_that_somebody_takes_from_us_as_it_is_made_is_not_ours() -> None:
    def disown(document: dict[str, Any]) -> None:
        document["metadata"].pop("ownerReferences", None)

    turn = Turn(Server(a_schedule().raw, disown))
    with pytest.raises(RefusedError, match="is not this schedule's"):
        turn()
    assert turn.server.raw["status"]["conditions"][0]["reason"] == "NameTaken"


def test_a_status_that_is_not_kept_is_not_written_over_and_over() -> None:
    def prune(document: dict[str, Any]) -> None:
        document.get("status", {}).pop("activeCount", None)

    turn = Turn(Server(a_schedule().raw, prune), MONDAY)
    assert turn() == 60
    assert turn.server.status_writes == 1


@pytest.mark.parametrize("status", [404, 409])
def test_a_status_that_is_refused_though_nothing_is_newer_is_an_error_and_no_hot_loop(status: int) -> None:
    class Refusing(Server):
        async def merge(self, *_: Any) -> dict[str, Any]:
            raise ApiError(status, "not while the auditors are here")

        async def get(self, *_: Any) -> dict[str, Any]:
            return deepcopy(self.raw)

    with pytest.raises(ApiError, match="not while the auditors are here"):
        Turn(Refusing(a_schedule().raw), MONDAY)()


def test_schedules_and_missed_runs_are_counted() -> None:
    turn = Turn(Server(a_schedule().raw), "2026-11-25T12:00")
    turn()
    labels = {"namespace": "team"}
    assert turn.registry.get_sample_value("transcription_schedule_missed_runs_total", labels) == 2
    assert turn.registry.get_sample_value("transcription_schedules", labels) == 1
    turn.controller.see_schedule(turn.server.raw, deleted=True)
    assert turn.registry.get_sample_value("transcription_schedules", labels) is None
    assert turn() is None


def test_jobs_of_others_are_not_remembered() -> None:
    turn = Turn(Server(a_schedule(concurrencyPolicy="Forbid").raw))
    stranger: dict[str, Any] = {
        "metadata": {"name": "x", "namespace": "team", "uid": "x", "resourceVersion": "1", "creationTimestamp": THREE}
    }
    elsewhere = deepcopy(stranger)
    elsewhere["metadata"] |= {"namespace": "other", "uid": "y"}
    owner = {"apiVersion": "transcription.whisperx.dev/v1alpha1", "kind": "TranscriptionSchedule", "controller": True}
    elsewhere["metadata"]["ownerReferences"] = [owner | {"uid": "uid-of-nightly"}]
    for job in (stranger, elsewhere):
        turn.controller.see_job(job)
    turn()
    assert list(turn.server.jobs) == [named(THREE)]
