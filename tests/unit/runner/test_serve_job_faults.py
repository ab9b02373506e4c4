"""What goes wrong at the API server, at the store or with the client is told truly, and leaves nothing of a job."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.runner.api_servers import DENIED, FORBIDDEN, QUOTA, status
from tests.unit.runner.job_house import House, a_house, accepted, asked, looked
from tests.unit.runner.services import form
from transcription_runner.store.folder import FolderStore
from transcription_runner.store.port import StoreRefusedError, StoreUnavailableError


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with a_house(tmp_path, monkeypatch) as one:
        yield one


REFUSALS: dict[str, tuple[tuple[int, bytes], int, str, str]] = {
    "without the right": (status(403, FORBIDDEN, "Forbidden"), 500, "RightMissing", "create, get, list, watch and delete"),
    "against a policy": (status(403, DENIED, "Forbidden"), 500, "JobForbidden", "spec.model.name evil/x"),
    "beyond the quota": (status(403, QUOTA, "Forbidden"), 429, "TooManyJobs", "its quota is used up"),
    "with an account that is unknown": (status(401, "Unauthorized", "Unauthorized"), 500, "RightMissing", "service account"),
    "without the CRD": ((404, b"404 page not found\n"), 500, "NoJobKind", "CRDs"),
    "with an older CRD": (status(400, 'unknown field "spec.x"', "BadRequest"), 422, "InvalidJob", "spec.x"),
    "against the schema": (status(422, "spec.model.name: .en models", "Invalid"), 422, "InvalidJob", ".en models"),
    "beyond its load": (status(429, "too many requests", "TooManyRequests"), 503, "ClusterBusy", "later"),
    "with a fault of its own": (status(500, "etcdserver: timed out", "InternalError"), 503, "ClusterUnavailable", "later"),
    "as no API server would": ((200, b"<html>"), 503, "ClusterUnavailable", "later"),
}


@pytest.mark.parametrize("why", REFUSALS)
def test_an_api_server_that_refuses_is_told_truly_and_nothing_is_left(house: House, why: str) -> None:
    refusal, answer, code, said = REFUSALS[why]
    house.api.refusals["create"] = refusal
    one = house.service()
    answered = asked(one, "/transcribe?async=true", form())
    assert (answered.status, answered.error["code"]) == (answer, code)
    assert said in answered.error["message"]
    assert ("retry-after" in answered.headers) == (answer in (429, 503))
    assert not any(secret in answered.body.decode() for secret in ("etcd", "system:serviceaccount"))
    assert (house.objects(), one.places.taken, one.scratch.taken) == ([], 0, 0)


def test_a_job_that_was_made_though_the_answer_was_lost_is_deleted(house: House) -> None:
    house.api.refusals["create"], house.api.late = status(504, "request timed out", "Timeout"), True
    assert asked(house.service(), "/transcribe?async=true", form()).error["code"] == "ClusterUnavailable"
    assert (house.api.jobs, house.objects()) == ({}, [])


def test_an_api_server_that_is_not_there_is_told_and_nothing_is_left(house: House) -> None:
    one = house.service()
    house.api.close()
    for answered in (asked(one, "/transcribe?async=true", form()), looked(one, f"speech-{'0' * 32}")):
        assert (answered.status, answered.error["code"]) == (503, "ClusterUnavailable")
        assert answered.headers["retry-after"] == "10"
    assert house.objects() == []


class Away(FolderStore):
    """A store that does not answer, or refuses."""

    def __init__(self, root: Path, error: Exception) -> None:
        super().__init__(root)
        self._error = error

    def _bucket(self, bucket: str) -> Path:
        raise self._error


@pytest.mark.parametrize(
    ("error", "answer", "code"),
    [
        (StoreUnavailableError("secret http://minio:9000"), 503, "StorageUnavailable"),
        (StoreRefusedError("BucketNotFound", "secret bucket"), 500, "BucketNotFound"),
    ],
)
def test_a_store_that_takes_nothing_is_told_and_there_is_no_job(house: House, error: Exception, answer: int, code: str) -> None:
    one = house.service(Away(house.folder, error))
    for answered in (
        asked(one, "/transcribe?async=true", form()),
        asked(one, "/transcribe?async=true&source=s3://calls/a.wav"),
    ):
        assert (answered.status, answered.error["code"]) == (answer, code)
        assert b"secret" not in answered.body
    assert house.api.jobs == {}
    assert (one.places.taken, one.scratch.taken) == (0, 0)


def test_a_job_is_there_to_be_deleted_again_while_its_objects_cannot_be_deleted(house: House) -> None:
    name = accepted(house.service())
    broken = house.service(Away(house.folder, StoreUnavailableError("away")))
    assert looked(broken, name, method="DELETE").status == 503
    assert looked(house.service(), name, method="DELETE").status == 204
    assert (house.api.jobs, house.objects()) == ({}, [])


def test_a_client_that_hangs_up_before_there_is_a_job_leaves_nothing(house: House) -> None:
    one, gone = house.service(), asyncio.Event()
    gone.set()
    asked(one, "/transcribe?async=true", form(), hang_up=gone)
    assert (house.api.jobs, house.objects(), one.places.taken, one.scratch.taken) == ({}, [], 0, 0)
