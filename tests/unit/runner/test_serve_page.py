"""The page's files and what keeps strangers out, what the service says of itself, and transcripts that come back corrected."""

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.runner.build import segment, transcript
from tests.unit.runner.scripted import ScriptedEngine
from tests.unit.runner.services import Answered, client, engine_of, service
from transcription_runner.formats.documents import write_json
from transcription_runner.serve import writing
from transcription_runner.serve.keys import Keys
from transcription_runner.serve.page.routes import page_files
from transcription_runner.serve.service import Service

KEY = "k" * 20
JSON = {"content-type": "application/json"}
SAID = write_json(transcript(segment("one two", 0.0, 2.0, timed=True, speaker="Ann")))


@pytest.fixture
def house() -> Iterator[Service]:
    with engine_of() as engine:
        yield service(engine)


def got(house: Service, path: str, **headers: str) -> Answered:
    return asyncio.run(
        client(house).ask(path, method="GET", headers={name.replace("_", "-"): one for name, one in headers.items()})
    )


def written(house: Service, content: str | bytes, wanted: str = "srt", headers: dict[str, str] = JSON) -> Answered:
    body = content.encode() if isinstance(content, str) else content
    return asyncio.run(client(house).ask(f"/formats?format={wanted}", body, headers=headers))


def test_only_the_page_s_own_files_run_on_it_and_nobody_frames_it(house: Service) -> None:
    answered = got(house, "/")
    policy = dict(part.split(" ", 1) for part in answered.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert "unsafe" not in str(policy)
    assert answered.headers["x-content-type-options"] == "nosniff"
    assert answered.headers["content-type"] == "text/html; charset=utf-8"
    assert not re.search(rb"<script(?![^>]*src=)|\son\w+=|style=|https?://", answered.body)


def test_each_answer_has_a_nonce_of_its_own_and_is_not_kept(house: Service) -> None:
    first, second = got(house, "/"), got(house, "/")
    nonces = [re.search(r"'nonce-([^']+)'", one.headers["content-security-policy"]) for one in (first, second)]
    assert nonces[0]
    assert nonces[1]
    assert nonces[0][1] != nonces[1][1]
    assert nonces[0][1].encode() in first.body
    assert first.headers["cache-control"] == "no-store"


def test_every_file_that_the_page_names_is_there_as_what_it_is(house: Service) -> None:
    files = page_files()
    named = set(re.findall(r'(?:src|href)="page/([^"]+)"', files["index.html"].content.decode()))
    for name, file in files.items():
        if name.endswith(".js") and not name.startswith("vendor/"):
            named |= set(re.findall(r'from "\./([^"]+)"', file.content.decode()))
    assert {"main.js", "base.css", "icon.svg", "realign.js"} <= named <= {*files}
    kinds = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
    for name in named:
        answered = got(house, f"/page/{name}")
        assert (answered.status, answered.headers["content-type"]) == (200, kinds[name.rpartition(".")[2]])
        assert answered.headers["x-content-type-options"] == "nosniff"
        assert got(house, f"/page/{name}", if_none_match=answered.headers["etag"]).status == 304


@pytest.mark.parametrize(
    "path",
    [
        "index.html",
        "routes.py",
        "../routes.py",
        "../../keys.py",
        "..%2froutes.py",
        "/etc/passwd",
        "vendor/LICENSE",
        "",
        "package.json",
    ],
)
def test_nothing_else_can_be_had(house: Service, path: str) -> None:
    answered = got(house, f"/page/{path}")
    assert answered.status == 404
    assert answered.error["code"] == "NotFound"


def test_the_page_asks_for_no_key_but_what_it_does_needs_one() -> None:
    with engine_of() as engine:
        house = service(engine, keys=Keys([KEY]))
        assert got(house, "/").status == got(house, "/page/main.js").status == 200
        assert got(house, "/service").status == 401
        assert written(house, SAID).status == 401
        assert got(house, "/service", authorization=f"Bearer {KEY}").status == 200


def test_the_service_says_what_it_has_and_how_busy_it_is(house: Service) -> None:
    with house.places.place("127.0.0.1"):
        state: dict[str, Any] = json.loads(got(house, "/service").body)
    assert state["model"] == "small"
    assert (state["places"], state["places_taken"], state["streams"], state["streams_open"]) == (32, 1, 8, 0)
    assert "es" in state["languages"]


@pytest.mark.parametrize(
    ("wanted", "kind", "text"),
    [
        ("srt", "application/x-subrip", "1\n00:00:00,000 --> 00:00:02,000\n[Ann]: one two\n"),
        ("vtt", "text/vtt", "<v Ann>one two</v>"),
        ("karaoke", "text/vtt", "<v Ann><c>one</c> <00:00:01.000><c>two</c></v>"),
        ("txt", "text/plain", "[Ann]: one two\n"),
        ("tsv", "text/tab-separated-values", "0\t2000\tone two\n"),
        ("json", "application/json", '"text": "one two"'),
    ],
)
def test_a_transcript_comes_back_in_each_format(house: Service, wanted: str, kind: str, text: str) -> None:
    answered = written(house, SAID, wanted)
    assert answered.status == 200
    assert answered.headers["content-type"].startswith(kind)
    assert text in answered.body.decode()


def test_the_words_of_the_whole_are_those_of_the_segments(house: Service) -> None:
    given = json.loads(SAID)
    del given["word_segments"]
    given["segments"][0]["words"][1]["word"] = "three"
    assert [word["word"] for word in json.loads(written(house, json.dumps(given), "json").body)["word_segments"]] == [
        "one",
        "three",
    ]


def changed(**record: Any) -> str:
    given = json.loads(SAID)
    given["segments"][0].update(record)
    return json.dumps(given)


@pytest.mark.parametrize(
    ("content", "at"),
    [
        ("", "Invalid JSON"),
        ("[]", "object"),
        ("{}", "language"),
        ('{"language": ' * 2000, "JSON"),
        (changed(start="soon"), "segments.0.start"),
        (changed(end=1e300), "beyond"),
        (changed(start=-1e300), "beyond"),
        (changed(words=[{"word": "x", "start": 1e12}]), "beyond"),
        (SAID.replace("60.0", "NaN"), "durationSeconds"),
        (SAID.replace("60.0", "1e999"), "durationSeconds"),
        (SAID.replace("60.0", "1e10"), "beyond"),
        (SAID.encode().replace(b"one two", b"one \xff"), ""),
    ],
)
def test_what_is_no_transcript_is_refused_and_told_where(house: Service, content: str | bytes, at: str) -> None:
    answered = written(house, content)
    assert (answered.status, answered.error["code"]) == (422, "InvalidTranscript")
    assert at in answered.error["message"]
    assert len(answered.body) < 1000
    assert (house.places.taken, house.scratch.taken) == (0, 0)


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("/formats?format=srt", {"content-type": "text/plain"}, 415, "NotJson"),
        ("/formats?format=srt", {"content-type": "multipart/form-data; boundary=b"}, 415, "NotJson"),
        ("/formats?format=pdf", JSON, 422, "InvalidParameter"),
        ("/formats", JSON, 422, "InvalidParameter"),
        ("/formats?format=srt&language=es", JSON, 422, "InvalidParameter"),
    ],
)
def test_a_request_that_no_format_answers_is_refused(
    house: Service, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    answered = asyncio.run(client(house).ask(path, SAID.encode(), headers=headers))
    assert (answered.status, answered.error["code"]) == (status, code)
    if status == 422:
        assert "karaoke" in str(answered.error["allowed"]) or "format" in answered.error["allowed"]


def test_a_transcript_that_is_too_large_or_comes_in_a_full_house_is_refused(
    house: Service, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MOST_BYTES", 100)
    answered = written(house, SAID)
    assert (answered.status, answered.error["code"], answered.error["param"]) == (413, "TooLarge", None)
    full = service(engine, places=1)
    with full.places.place("127.0.0.1"):
        assert written(full, SAID).status == 429


@pytest.fixture
def engine() -> Iterator[ScriptedEngine]:
    with engine_of() as engine:
        yield engine


def test_transcripts_of_others_wait_their_turn_and_all_are_answered(house: Service) -> None:
    async def many() -> list[Answered]:
        asking = client(house)
        return await asyncio.gather(*(asking.ask("/formats?format=txt", SAID.encode(), headers=JSON) for _ in range(8)))

    assert [one.body for one in asyncio.run(many())] == [b"[Ann]: one two\n"] * 8
    assert (house.places.taken, house.scratch.taken) == (0, 0)
