"""What counts as a job that suffered, and what the faulty connection does to requests."""

import asyncio
import copy
from typing import Any

from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from benchmarks.chaos.faults import Faults
from benchmarks.chaos.judged import fault, judged

GOOD: dict[str, Any] = {
    "metadata": {"name": "a"},
    "status": {
        "phase": "Succeeded",
        "conditions": [{"type": "Complete", "status": "True"}, {"type": "Running", "status": "False"}],
        "files": {"total": 1, "succeeded": 1, "skipped": 0, "failed": 0},
        "startTime": "2026-01-01T00:00:00Z",
        "completionTime": "2026-01-01T00:01:00Z",
        "jobName": "a-0123456789",
        "effective": {"model": {"name": "large-v2"}},
    },
}


def with_status(**changed: Any) -> dict[str, Any]:
    resource = copy.deepcopy(GOOD)
    resource["status"] |= changed
    return resource


def test_a_job_that_ended_as_it_should_is_not_wrong() -> None:
    assert fault(GOOD) is None


def test_whatever_a_status_promises_and_lacks_is_wrong() -> None:
    assert fault({"metadata": {"name": "a"}}) == "phase None: None"
    assert fault(with_status(phase="Running", message="stuck")) == "phase Running: stuck"
    assert "conditions" in (fault(with_status(conditions=[])) or "")
    assert "files" in (fault(with_status(files={"total": 1, "succeeded": 0, "skipped": 0, "failed": 0})) or "")
    assert fault(with_status(completionTime=None)) == "status lacks completionTime"


def test_lost_strange_and_doubled_jobs_are_counted_by_name() -> None:
    strange = with_status() | {"metadata": {"name": "c"}}
    figures, detail = judged([GOOD, strange], {"a", "b"}, {"a": {"1", "2"}, "c": {"3"}}, "pair_")
    assert figures == {"pair_jobs_wrong": 2.0, "pair_jobs_doubled": 1.0}
    assert detail["wrong"] == {"b": "it is gone", "c": "nobody made it"}
    assert detail["doubled"] == {"a": 2}


def answer(faults: Faults, path: str) -> web.StreamResponse | None:
    return asyncio.run(faults.before(make_mocked_request("GET", path)))


def test_only_watches_are_told_that_their_version_is_gone() -> None:
    faults = Faults()
    faults.begin("gone")
    told = answer(faults, "/api/v1/pods?watch=true&resourceVersion=5")
    assert told is not None
    assert told.status == 410
    assert answer(faults, "/api/v1/pods") is None
    assert faults.met == {"gone": 1}


def test_in_peace_everything_is_passed_on() -> None:
    faults = Faults()
    faults.begin("busy")
    faults.end()
    assert all(answer(faults, "/api/v1/pods") is None for _ in range(20))
    assert not faults.met


def test_a_busy_server_says_when_to_come_again() -> None:
    faults = Faults()
    faults.begin("busy")
    told = [one for _ in range(20) if (one := answer(faults, "/api/v1/pods")) is not None]
    assert {(one.status, one.headers["Retry-After"]) for one in told} == {(429, "1")}
