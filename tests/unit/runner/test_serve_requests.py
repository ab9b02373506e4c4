"""A request's way through the service: its answer or its refusal, its bounds, and that nothing of it stays behind."""

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.runner.scripted import Scripted, ScriptedEngine, failing
from tests.unit.runner.services import Answered, Client, NamedEngine, client, engine_of, form, service, until
from transcription_runner.errors import FileError
from transcription_runner.serve import uploads
from transcription_runner.serve.keys import Keys
from transcription_runner.serve.service import Service

KEY = "k" * 20
MANY: dict[str, Any] = {f"field{number}": "x" for number in range(65)}


@pytest.fixture
def engine() -> Iterator[ScriptedEngine]:
    with engine_of() as engine:
        yield engine


def asked(house: Service, path: str = "/transcribe?language=es", *chunks: bytes, **how: object) -> Answered:
    return asyncio.run(client(house).ask(path, *(chunks or (form(),)), **how))  # type: ignore[arg-type]


def untouched(house: Service) -> bool:
    """Whether no request holds anything any more."""
    return house.places.taken == 0 and house.scratch.taken == 0


def test_an_upload_gets_its_transcript(engine: ScriptedEngine) -> None:
    house = service(engine)
    answered = asked(house, "/transcribe?language=es&format=json", form("../5x2\t"))
    assert answered.status == 200
    transcript = json.loads(answered.body)
    assert [segment["text"] for segment in transcript["segments"]] == ["5.0", "5.1"]
    assert transcript["transcription"]["source"] == {"key": "5x2"}
    assert untouched(house)


def test_an_upload_that_comes_byte_by_byte_is_the_same(engine: ScriptedEngine) -> None:
    whole = form("5x2", b"\r\n--limi" * 20)
    assert asked(service(engine), "/transcribe?language=es&format=txt", *(bytes([one]) for one in whole)).body == b"5.0\n5.1\n"


@pytest.mark.parametrize(
    ("path", "chunks", "headers", "status", "code"),
    [
        ("/transcribe?language=xx", [form()], {}, 422, "InvalidParameter"),
        ("/transcribe", [form(language="es")], {}, 422, "InvalidForm"),
        ("/transcribe", [form(None)], {}, 422, "InvalidForm"),
        ("/transcribe", [form(part="sound")], {}, 422, "InvalidForm"),
        ("/transcribe", [form()[:-11] + form("2x1")], {}, 422, "InvalidForm"),
        ("/transcribe", [b"no form at all"], {}, 422, "InvalidForm"),
        ("/transcribe", [b""], {}, 422, "InvalidForm"),
        ("/transcribe", [form()], {"content-type": "multipart/form-data"}, 422, "InvalidForm"),
        ("/transcribe", [form()], {"content-type": "audio/wav"}, 415, "NotMultipart"),
        ("/transcribe", [form()], {"content-length": str(1 << 40)}, 413, "TooLarge"),
        ("/transcribe", [form(content=bytes(2 << 20))], {}, 413, "TooLarge"),
        ("/transcribe", [form(None, comment="x" * (65 << 10))], {}, 422, "InvalidForm"),
        ("/transcribe", [form(**MANY)], {}, 422, "InvalidForm"),
        ("/nowhere", [form()], {}, 404, "NotFound"),
    ],
)
def test_a_request_that_cannot_be_is_refused_in_one_shape(
    path: str, chunks: list[bytes], headers: dict[str, str], status: int, code: str, engine: ScriptedEngine
) -> None:
    house = service(engine)
    answered = asked(house, path, *chunks, headers=headers)
    assert (answered.status, answered.error["code"]) == (status, code)
    assert set(answered.error) >= {"message", "type", "param", "code"}
    assert answered.headers["x-request-id"]
    assert untouched(house)


def test_a_method_that_there_is_not_is_told_which_there_are(engine: ScriptedEngine) -> None:
    answered = asked(service(engine), "/transcribe", method="PUT")
    assert (answered.status, answered.headers["allow"]) == (405, "POST")


def test_who_asks_too_often_is_told_when_to_come_back(engine: ScriptedEngine) -> None:
    house = service(engine, rate=1)
    assert [asked(house).status for _ in range(2)] == [200, 429]
    assert 1 <= int(asked(house).headers["retry-after"]) <= 60
    assert asked(house, "/v1/models", method="GET").status == 200, "looking is no work"
    assert untouched(house)


OURS, FOREIGN = "https://calls.example.com", "https://evil.example"


def test_pages_of_origins_that_are_named_may_read_answers_and_no_others(engine: ScriptedEngine) -> None:
    house = service(engine, origins=[OURS])
    ask = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    allowed = asked(house, "/transcribe", method="OPTIONS", headers={"origin": OURS, **ask})
    assert (allowed.status, allowed.headers["access-control-allow-origin"]) == (200, OURS)
    assert "authorization" in allowed.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-origin" not in asked(house, method="OPTIONS", headers={"origin": FOREIGN, **ask}).headers
    refused = asked(house, "/transcribe?language=xx", headers={"origin": OURS})
    assert (refused.status, refused.headers["access-control-allow-origin"]) == (422, OURS), "errors can be read, too"
    assert "access-control-allow-origin" not in asked(house, headers={"origin": FOREIGN}).headers
    assert "access-control-allow-origin" not in asked(service(engine), headers={"origin": OURS}).headers


def test_an_endless_upload_ends_at_the_bound_without_a_stated_length(engine: ScriptedEngine) -> None:
    house = service(engine, most=1 << 16)
    begin = form(content=b"")[: -len(b"\r\n--limit--\r\n")]
    assert asked(house, "/transcribe", begin, *[bytes(1 << 20)] * 100).status == 413
    assert untouched(house)


def test_uploads_together_may_not_fill_the_disk(engine: ScriptedEngine) -> None:
    house = service(engine, scratch=1000)
    answered = asked(house, "/transcribe", form(content=bytes(2000)))
    assert (answered.status, answered.error["code"], answered.headers["retry-after"]) == (503, "ScratchFull", "10")
    assert untouched(house)


def test_an_upload_that_stops_coming_frees_its_place(engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "PATIENCE_SECONDS", 0.05)
    house = service(engine)
    answered = asked(house, "/transcribe", form()[:40], then_silent=True)
    assert (answered.status, answered.error["code"]) == (408, "TooSlow")
    assert untouched(house)


def test_nothing_is_read_from_whoever_has_no_key(engine: ScriptedEngine) -> None:
    house = service(engine, keys=Keys([KEY]))
    assert asked(house, "/transcribe?nonsense", then_silent=True).error["code"] == "InvalidKey"
    assert asked(house, headers={"authorization": f"Bearer {KEY}"}).status == 200
    assert asked(house, "/readyz", method="GET").status == 200


def test_a_fault_inside_tells_the_client_an_id_and_the_log_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    with engine_of(Scripted(decode=failing("1x1", error=KeyError("secret")))) as engine:
        answered = asked(service(engine))
    assert (answered.status, answered.error["code"]) == (500, "InternalError")
    assert b"secret" not in answered.body
    assert "secret" in caplog.text


def test_a_fault_that_nobody_foresaw_has_the_same_shape_and_an_id(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(NamedEngine):
        def prepare(self, recipe: object) -> None:
            raise KeyError("secret")

    with Broken(Scripted()) as engine:
        house = service(engine)
        answered = asked(house)
    assert (answered.status, answered.error["code"], answered.error["type"]) == (500, "InternalError", "server_error")
    assert b"secret" not in answered.body
    assert f"internal error in request {answered.headers['x-request-id']}" in caplog.text
    assert untouched(house)


def test_a_bad_sound_is_told_with_its_reason() -> None:
    with engine_of(Scripted(decode=failing("1x1", error=FileError("DamagedAudio", "it ends early")))) as engine:
        answered = asked(service(engine))
    assert (answered.status, answered.error["code"], answered.error["message"]) == (422, "DamagedAudio", "it ends early")


def test_a_dead_device_ends_readiness_and_life_and_every_request() -> None:
    dead = failing("2.0", error=RuntimeError("CUDA error: an illegal memory access was encountered"))
    with engine_of(Scripted(recognise=dead)) as engine:
        house = service(engine)
        assert asked(house, "/readyz", method="GET").status == 200
        assert asked(house, "/transcribe?language=es", form("2x1")).error["code"] == "DeviceFailed"
        answered = asked(house, "/transcribe?language=es", form("3x1"))
        assert (answered.status, "retry-after" in answered.headers) == (503, True)
        for probe in ("/readyz", "/healthz"):
            assert (asked(house, probe, method="GET").status, asked(house, probe, method="GET").body) == (503, b"DeviceFailed")
        assert untouched(house)


def test_a_client_that_hangs_up_frees_its_place_in_the_service_and_in_the_engine() -> None:
    stages = Scripted(batch=1, recognise=lambda _: time.sleep(0.01))
    with engine_of(stages) as engine:
        house = service(engine, places=1)

        async def scene(asking: Client) -> Answered:
            gone = asyncio.Event()
            long = asyncio.create_task(asking.ask("/transcribe?language=es", form("1x5000"), hang_up=gone))
            await until(lambda: stages.batches)
            assert (await asking.ask("/transcribe?language=es", form("2x1"))).status == 429
            gone.set()
            await long
            assert untouched(house)
            return await asking.ask("/transcribe?language=es", form("2x1"))

        assert asyncio.run(scene(client(house))).status == 200
        time.sleep(0.1)
        done = len(stages.batches)
        time.sleep(0.1)
        assert len(stages.batches) == done


def test_a_client_that_hangs_up_in_the_middle_of_its_upload_leaves_nothing(engine: ScriptedEngine) -> None:
    house, gone = service(engine), asyncio.Event()
    gone.set()
    before = len(list(Path("/proc/self/fd").iterdir()))
    asked(house, "/transcribe", form()[:-20], hang_up=gone, then_silent=True)
    assert untouched(house)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_the_loop_goes_on_while_the_engine_is_busy_with_a_recipe() -> None:
    class Slow(NamedEngine):
        def prepare(self, recipe: object) -> None:
            time.sleep(0.5)

    with Slow(Scripted()) as engine:
        house = service(engine)

        async def scene(asking: Client) -> float:
            slow = asyncio.create_task(asking.ask("/transcribe", form()))
            await until(lambda: house.places.taken)
            began = time.monotonic()
            assert (await asking.ask("/healthz", method="GET")).status == 200
            took = time.monotonic() - began
            await slow
            return took

        assert asyncio.run(scene(client(house))) < 0.4


def test_the_log_has_figures_of_a_request_and_nothing_that_was_said(
    engine: ScriptedEngine, caplog: pytest.LogCaptureFixture
) -> None:
    house = service(engine, keys=Keys([KEY]))
    with caplog.at_level(logging.INFO, "transcription_runner"):
        asked(house, "/transcribe?language=es", form("77x1"), headers={"x-api-key": KEY})
    [line] = [record for record in caplog.records if hasattr(record, "fields")]
    assert line.fields["status"] == 200
    assert line.fields["bytes"] == 5
    assert line.fields["audio_seconds"] == 11.0
    assert not any(secret in caplog.text for secret in ("77x1", "77.0", KEY, "127.0.0.1"))


def test_metrics_count_requests_by_route_and_no_invented_address(engine: ScriptedEngine) -> None:
    house = service(engine)
    asked(house)
    for number in range(3):
        asked(house, f"/invented/{number}")
    scraped = asked(house, "/metrics", method="GET").body.decode()
    assert 'transcription_service_requests_total{code="200",route="/transcribe"} 1.0' in scraped
    assert 'transcription_service_requests_total{code="404",route="(none)"} 3.0' in scraped
    assert "invented" not in scraped


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("call.wav", "call.wav"),
        ("C:\\calls\\a.wav", "a.wav"),
        ("../../etc/passwd", "passwd"),
        ("a\nb\x1b[31m.wav", "a b [31m.wav"),
        ("\u202egpj.wav", "gpj.wav"),
        ("ü" * 300, "ü" * 127),
        ("", ""),
    ],
)
def test_a_file_name_of_a_stranger_is_made_harmless(name: str, shown: str) -> None:
    assert uploads.harmless(name) == shown


def test_the_description_of_the_service_knows_every_parameter_and_error(engine: ScriptedEngine) -> None:
    document = json.loads(asked(service(engine), "/openapi.json", method="GET").body)
    route = document["paths"]["/transcribe"]["post"]
    assert all(parameter["description"] or parameter["schema"] for parameter in route["parameters"])
    assert {"200", "202", "401", "408", "413", "415", "422", "429", "500", "503"} == set(route["responses"])
    assert route["requestBody"]["content"]["multipart/form-data"]["schema"]["required"] == ["file"]
    page = asked(service(engine), "/docs", method="GET").body.decode()
    assert "http://" not in page
    assert "https://" not in page
