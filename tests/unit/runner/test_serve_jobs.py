"""Long work over the service: accepted, seen, fetched and deleted, by whoever made it; the process that took it may be gone.

The application is the real one, the store a local folder, the API server a stand-in; the real ones are in tests/integration.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.runner.api_servers import FORBIDDEN, status
from tests.unit.runner.job_house import House, a_house, accepted, asked, looked
from tests.unit.runner.services import Client, client, form, service, until
from transcription_runner.serve.jobs import line
from transcription_runner.serve.keys import Keys

KEY, OTHER = "k" * 20, "o" * 20


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with a_house(tmp_path, monkeypatch) as one:
        yield one


def test_an_upload_becomes_a_job_whose_pod_finds_it_in_the_bucket(house: House) -> None:
    name = accepted(house.service())
    assert house.objects() == [f"service/uploads/{name}/recording.wav"]
    assert house.store.get("speech", house.objects()[0]) == b"sound" * 1000
    spec = house.api.jobs[name]["spec"]
    assert spec["source"] == {"bucket": "speech", "keys": house.objects()}
    assert (spec["language"], spec["model"]) == ("es", {"name": "small"})
    assert "fieldValidation=Strict" in house.api.asked[0]


def test_a_recording_in_the_store_becomes_a_job_without_an_upload(house: House) -> None:
    house.store.put("calls", "2026/a.wav", b"sound", "")
    answered = asked(house.service(), "/transcribe?async=true&source=s3://calls/2026/a.wav")
    assert answered.status == 202
    [job] = house.api.jobs.values()
    assert job["spec"]["source"] == {"bucket": "calls", "keys": ["2026/a.wav"]}
    assert house.objects() == ["2026/a.wav"]


@pytest.mark.parametrize(
    ("query", "headers", "code", "param"),
    [
        ("source=s3://calls/a.wav", {}, "InvalidParameter", "source"),
        ("async=true&source=calls/a.wav", {}, "InvalidParameter", "source"),
        ("async=true&source=s3://secrets/a.wav", {}, "SourceNotAllowed", "source"),
        ("async=true&source=s3://calls/nowhere.wav", {}, "ObjectNotFound", "source"),
        ("async=true&source=s3://calls/large.wav", {}, "TooLarge", "source"),
        ("async=true&source=s3://calls/../a.wav", {}, "InvalidKey", "source"),
        ("async=true&source=s3://calls/a.wav", {"content-length": "7"}, "InvalidParameter", "source"),
        ("async=true&format=srt", {}, "InvalidParameter", "format"),
        ("async=true&min_speakers=2", {}, "InvalidParameter", "min_speakers"),
        ("async=true&model=tiny", {}, "ModelNotLoaded", "model"),
    ],
)
def test_what_cannot_be_a_job_is_refused_and_leaves_none(
    house: House, query: str, headers: dict[str, str], code: str, param: str
) -> None:
    house.store.put("calls", "large.wav", bytes(2 << 20), "")
    answered = asked(house.service(), f"/transcribe?{query}", headers=headers)
    assert (answered.status, answered.error["code"], answered.error["param"]) == (422, code, param)
    assert (house.api.jobs, house.objects()) == ({}, ["large.wav"])


def test_a_service_without_jobs_says_so(house: House) -> None:
    bare = service(house.engine)
    answered = asked(bare, "/transcribe?async=true", form())
    assert (answered.status, answered.error["code"], answered.error["param"]) == (422, "NoJobs", "async")
    assert looked(bare, f"speech-{'0' * 32}").error["code"] == "NotFound"


def test_async_false_is_answered_at_once(house: House) -> None:
    answered = asked(house.service(), "/transcribe?async=false&language=es&format=txt", form("5x2"))
    assert (answered.status, answered.body) == (200, b"5.0\n5.1\n")
    assert house.api.jobs == {}


def test_jobs_that_wait_have_a_position_by_their_age_and_a_reason(house: House) -> None:
    first, second, third = (accepted(house.service()) for _ in range(3))
    house.api.becomes(first, phase="Running", progress="10%")
    said = json.loads(looked(house.service(), third).body)
    assert (said["phase"], said["position"]) == ("Pending", 2)
    assert "only one, it waits" in said["message"]
    running = json.loads(looked(house.service(), first).body)
    assert (running["phase"], running["position"], running["progress"]) == ("Running", None, 10)
    assert json.loads(looked(house.service(), second).body)["position"] == 1


def test_many_that_ask_for_their_position_cost_one_listing(house: House) -> None:
    house.patch.setattr(line, "FRESH_SECONDS", 60.0)
    one = house.service()
    name = accepted(one)
    for _ in range(5):
        looked(one, name)
    assert len([path for path in house.api.asked if "labelSelector=" in path]) == 1


def test_a_position_that_cannot_be_had_is_left_out(house: House) -> None:
    name = accepted(house.service())
    house.api.refusals["list"] = status(403, FORBIDDEN, "Forbidden")
    answered = looked(house.service(), name)
    assert (answered.status, json.loads(answered.body)["position"]) == (200, None)


@pytest.mark.parametrize(
    ("wanted", "media_type", "content"),
    [
        ("", "application/json", b'{"language": "es"}'),
        ("?format=json", "application/json", b'{"language": "es"}'),
        ("?format=tsv", "text/tab-separated-values", b"words as tsv"),
        ("?format=txt", "text/plain", b"words as txt"),
        ("?format=vtt", "text/vtt", b"words as vtt"),
        ("?format=srt", "application/x-subrip", b"words as srt"),
    ],
)
def test_after_a_restart_the_transcript_is_fetched_from_the_bucket(
    house: House, wanted: str, media_type: str, content: bytes
) -> None:
    name = accepted(house.service())
    house.done(name)
    restarted = house.service()
    said = json.loads(looked(restarted, name).body)
    assert (said["phase"], said["over"], said["transcript"]) == ("Succeeded", True, f"/jobs/{name}/transcript")
    answered = looked(restarted, name, f"/transcript{wanted}")
    assert (answered.status, answered.headers["content-type"].partition(";")[0]) == (200, media_type)
    assert answered.body == content


def test_all_formats_come_as_one_object(house: House) -> None:
    name = accepted(house.service())
    house.done(name)
    whole = json.loads(looked(house.service(), name, "/transcript?format=all").body)
    assert set(whole) == {"json", "tsv", "txt", "vtt", "srt"}
    assert (whole["json"], whole["srt"]) == ({"language": "es"}, "words as srt")


def failed(reason: str) -> dict[str, Any]:
    return {"phase": "Failed", "failures": [{"key": "k", "reason": reason, "message": "why"}]}


@pytest.mark.parametrize(
    ("fields", "answer", "code"),
    [
        ({}, 409, "JobNotOver"),
        ({"phase": "Running"}, 409, "JobNotOver"),
        ({"phase": "Succeeded"}, 404, "TranscriptNotFound"),
        (failed("DamagedAudio"), 422, "DamagedAudio"),
        (failed("UnsupportedFormat"), 415, "UnsupportedFormat"),
        (failed("OutOfMemory"), 500, "OutOfMemory"),
        ({"phase": "Failed"}, 500, "JobFailed"),
    ],
)
def test_a_job_without_a_transcript_says_why(house: House, fields: dict[str, Any], answer: int, code: str) -> None:
    name = accepted(house.service())
    house.api.becomes(name, **fields)
    answered = looked(house.service(), name, "/transcript")
    assert (answered.status, answered.error["code"]) == (answer, code)


def test_a_deleted_job_is_gone_with_its_upload_and_its_transcripts_and_nothing_else_is(house: House) -> None:
    house.store.put("calls", "a.wav", b"sound", "")
    mine, other = accepted(house.service()), accepted(house.service())
    named = asked(house.service(), "/transcribe?async=true&source=s3://calls/a.wav")
    for name in (mine, other, str(json.loads(named.body)["name"])):
        house.done(name)
    before = house.objects()
    assert looked(house.service(), mine, method="DELETE").status == 204
    assert house.objects() == [key for key in before if mine not in key]
    assert (mine in house.api.jobs, other in house.api.jobs) == (False, True)
    assert looked(house.service(), mine).status == 404
    assert looked(house.service(), mine, method="DELETE").status == 404
    assert looked(house.service(), str(json.loads(named.body)["name"]), method="DELETE").status == 204
    assert "a.wav" in house.objects(), "a recording that was named is somebody else's"


def test_a_job_belongs_to_the_key_that_made_it(house: House) -> None:
    keyed: Any = {"keys": Keys([KEY, OTHER])}
    name = accepted(house.service(**keyed), headers={"x-api-key": KEY})
    house.done(name)
    assert looked(house.service(**keyed), name, headers={"authorization": f"Bearer {KEY}"}).status == 200
    for what, method in (("", "GET"), ("/events", "GET"), ("/transcript", "GET"), ("", "DELETE")):
        for key, answer in ((OTHER, 404), ("x" * 20, 401)):
            answered = looked(house.service(**keyed), name, what, method, headers={"x-api-key": key})
            assert answered.status == answer, (what, method)
    assert looked(house.service(), name).status == 404, "nor is it shown by a service that asks for no keys"
    assert KEY not in json.dumps(house.api.jobs)
    assert name in house.api.jobs


def test_two_jobs_of_one_key_do_not_show_that_they_are(house: House) -> None:
    keyed = house.service(keys=Keys([KEY]))
    for _ in range(2):
        accepted(keyed, headers={"x-api-key": KEY})
    marks = {job["metadata"]["annotations"]["transcription.whisperx.dev/owner"] for job in house.api.jobs.values()}
    assert len(marks) == 2


def test_jobs_that_the_service_did_not_make_are_not_shown(house: House) -> None:
    name = accepted(house.service())
    house.api.jobs[name]["metadata"]["labels"] = {}
    for what, method in (("", "GET"), ("/events", "GET"), ("/transcript", "GET"), ("", "DELETE")):
        assert looked(house.service(), name, what, method).error["code"] == "JobNotFound"
    assert name in house.api.jobs


@pytest.mark.parametrize("name", ["support-calls", f"speech-{'0' * 31}", f"speech-{'G' * 32}", "..", "%2e%2e%2fpods"])
def test_nobody_is_asked_for_what_cannot_be_the_service_s(house: House, name: str) -> None:
    assert looked(house.service(), name).status == 404
    assert house.api.asked == []


@pytest.mark.parametrize("what", ["", "/events", "/transcript"])
def test_a_parameter_that_there_is_not_is_refused(house: House, what: str) -> None:
    answered = looked(house.service(), f"speech-{'0' * 32}", f"{what}?fromat=srt")
    assert (answered.status, answered.error["param"]) == (422, "fromat")


def test_the_loop_goes_on_while_the_api_server_does_not_answer(house: House) -> None:
    one = house.service()
    name = accepted(one)
    house.api.open.clear()
    house.api.asked.clear()

    async def scene(asking: Client) -> int:
        slow = asyncio.create_task(asking.ask(f"/jobs/{name}", method="GET"))
        await until(lambda: house.api.asked)
        assert (await asking.ask("/healthz", method="GET")).status == 200
        assert not slow.done()
        house.api.open.set()
        return (await slow).status

    assert asyncio.run(scene(client(one))) == 200


def test_the_description_of_the_service_knows_the_jobs_routes(house: House) -> None:
    document = json.loads(asked(house.service(), "/openapi.json", method="GET").body)
    paths = document["paths"]
    assert {"/jobs/{name}", "/jobs/{name}/events", "/jobs/{name}/transcript"} <= set(paths)
    assert set(paths["/jobs/{name}"]) == {"get", "delete"}
    assert {"async", "source"} <= {one["name"] for one in paths["/transcribe"]["post"]["parameters"]}
    assert paths["/transcribe"]["post"]["responses"]["202"]["headers"]["Location"]


def test_a_method_that_there_is_not_is_told_all_that_there_are(house: House) -> None:
    answered = asked(house.service(), f"/jobs/speech-{'0' * 32}", method="PUT")
    assert (answered.status, answered.headers["allow"]) == (405, "DELETE, GET")
