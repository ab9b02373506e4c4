"""Making a run's Job, and writing status: what the API server answers, and what follows from it."""

import asyncio
from typing import Any, cast

import pytest

from tests.unit.operator.world import SETTINGS, Job, a_job
from transcription_operator.apply import Applier, RefusedError, StaleError
from transcription_operator.caches import Caches
from transcription_operator.cluster import ApiError, Cluster, Kind

NO_ACCESS_NEEDED = SETTINGS.model_copy(update={"ensure_runner_access": False})


class Server:
    """Refuses every new object; an object that is there already is `found`."""

    def __init__(self, refusal: ApiError, found: dict[str, Any] | None = None) -> None:
        self._refusal, self._found = refusal, found

    async def create(self, *_: Any) -> dict[str, Any]:
        raise self._refusal

    async def merge(self, *_: Any) -> dict[str, Any]:
        raise self._refusal

    async def get(self, *_: Any) -> dict[str, Any]:
        assert self._found is not None
        return self._found


def start(job: Job, server: Server) -> Caches:
    """Try to make the Job of a run that begins."""
    caches, observed = Caches(), job.observed()
    caches.put_resource(observed.resource)
    applier = Applier(cast(Cluster, server), caches, NO_ACCESS_NEEDED)
    try:
        asyncio.run(applier.children(observed.resource, job.reconcile().children))
    except StaleError:
        return caches
    raise AssertionError("nothing to look at again")


@pytest.mark.parametrize(("status", "final"), [(403, False), (500, False), (400, True), (422, True)])
def test_a_refusal_is_told_and_whether_it_may_pass(status: int, final: bool) -> None:
    with pytest.raises(RefusedError) as caught:
        start(a_job(), Server(ApiError(status, "failed calling webhook")))
    assert (caught.value.refusal.message, caught.value.refusal.final) == ("failed calling webhook", final)


def test_a_server_that_is_overburdened_refuses_nothing() -> None:
    with pytest.raises(ApiError):
        start(a_job(), Server(ApiError(503, "later")))


def test_a_job_that_is_there_already_is_looked_at_before_anything_is_written() -> None:
    job = a_job()
    there = a_job().with_child().child
    observed = start(job, Server(ApiError(409, "exists"), there)).observed(job.raw["metadata"]["uid"])
    assert observed is not None
    assert [child.name for child in observed.jobs] == [job.job_name]


def write_status(job: Job, server: Server) -> None:
    """Try to write a status."""
    caches, observed = Caches(), job.observed()
    caches.put_resource(observed.resource)
    asyncio.run(Applier(cast(Cluster, server), caches, NO_ACCESS_NEEDED).status(observed.resource, {"message": "all is well"}))


def test_a_conflict_over_a_newer_version_is_looked_at_again_at_once() -> None:
    newer = a_job().raw
    newer["metadata"]["resourceVersion"] = "2"
    with pytest.raises(StaleError):
        write_status(a_job(), Server(ApiError(409, "the object has been modified"), newer))


def test_a_conflict_over_nothing_newer_is_an_error_like_others_and_no_hot_loop() -> None:
    """As an admission webhook may answer: what is stored is what was observed."""
    with pytest.raises(ApiError, match="not while the auditors are here"):
        write_status(a_job(), Server(ApiError(409, "not while the auditors are here"), a_job().raw))


class Namespace:
    """A namespace in which one kind of object may be missing."""

    def __init__(self) -> None:
        self.there: dict[str, dict[str, Any]] = {}
        self.refusal: ApiError | None = None

    async def get(self, kind: Kind, _: str, name: str) -> dict[str, Any]:
        if self.refusal:
            raise self.refusal
        if kind.plural not in self.there:
            raise ApiError(404, f"{name} not found")
        return self.there[kind.plural]

    async def apply(self, kind: Kind, wanted: dict[str, Any]) -> dict[str, Any]:
        self.there[kind.plural] = wanted
        return wanted


def test_a_runners_account_that_somebody_deleted_is_made_again_while_a_job_can_make_no_pod() -> None:
    server = Namespace()
    applier = Applier(cast(Cluster, server), Caches(), SETTINGS)
    asyncio.run(applier.restore_access("team"))
    del server.there["serviceaccounts"]
    asyncio.run(applier.restore_access("team"))
    assert set(server.there) == {"serviceaccounts", "rolebindings"}


def test_what_hinders_it_stops_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    server = Namespace()
    server.refusal = ApiError(403, "not yours")
    asyncio.run(Applier(cast(Cluster, server), Caches(), SETTINGS).restore_access("team"))
    assert caplog.messages == ["team: the runner's account and its binding cannot be seen to: 403: not yours"]
