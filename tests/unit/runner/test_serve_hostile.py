"""Whatever a stranger sends, the service answers in its one shape, and nothing is left of it: no 500, no place, no byte."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.unit.runner.services import BOUNDARY, Answered, Client, client, engine_of, form, service
from transcription_runner.serve.openai_fields import TranscriptionFields
from transcription_runner.serve.parameters import ALLOWED
from transcription_runner.serve.service import Service

HEADERS = some.sampled_from(
    [
        {},
        {"content-type": ""},
        {"content-type": "multipart/form-data"},
        {"content-type": "multipart/form-data; boundary="},
        {"content-type": f"multipart/form-data; boundary={'b' * 300}"},
        {"content-type": f"multipart/form-data; charset=nonsense; boundary={BOUNDARY}"},
        {"content-length": "-1"},
        {"content-length": "9" * 30},
        {"authorization": "Bearer \u00ff"},
    ]
)
WORDS = some.one_of(
    some.text(max_size=20), some.sampled_from(["es", "true", "all", "srt", "verbose_json", "word", "2", "-1", "nan", "1e400"])
)
ANY_ROUTE = some.sampled_from(["/transcribe", "/v1/audio/transcriptions", "/v1/audio/translations"])


@pytest.fixture(scope="module")
def house() -> Iterator[Service]:
    with engine_of() as engine:
        yield service(engine)


class Stranger:
    """Asks again and again, on one loop."""

    def __init__(self, client: Client, runner: asyncio.Runner) -> None:
        self._client, self._runner = client, runner

    def ask(self, path: str, *chunks: bytes, headers: dict[str, str] | None = None) -> Answered:
        return self._runner.run(self._client.ask(path, *chunks, headers=headers))


@pytest.fixture(scope="module")
def stranger(house: Service) -> Iterator[Stranger]:
    with asyncio.Runner() as runner:
        yield Stranger(client(house), runner)


def check(house: Service, stranger: Stranger, path: str, *chunks: bytes, headers: dict[str, str] | None = None) -> None:
    answered = stranger.ask(path, *chunks, headers=headers)
    assert answered.status in (200, 413, 415, 422), answered
    if answered.status != 200:
        assert set(json.loads(answered.body)["error"]) >= {"message", "type", "param", "code"}
        assert len(answered.body) < 5000
    assert (house.places.taken, house.scratch.taken) == (0, 0)


def _damaged(whole: bytes, cut: tuple[int, int], noise: bytes) -> bytes:
    first, last = sorted(at % (len(whole) + 1) for at in cut)
    return whole[:first] + noise + whole[last:]


@settings(max_examples=60)
@given(
    path=ANY_ROUTE,
    cut=some.tuples(some.integers(0, 300), some.integers(0, 300)),
    noise=some.one_of(
        some.binary(max_size=40), some.sampled_from([b"\r\n", b"--limit", b"--limit--", b'filename="', b"\0" * 5000])
    ),
    size=some.integers(1, 60),
    headers=HEADERS,
)
def test_damaged_forms(
    house: Service, stranger: Stranger, path: str, cut: tuple[int, int], noise: bytes, size: int, headers: dict[str, str]
) -> None:
    body = _damaged(form("1x1", b"sound", prompt="hello"), cut, noise) or b""
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    check(house, stranger, path, *chunks, headers=headers)


@settings(max_examples=40)
@given(some.lists(some.tuples(some.one_of(some.sampled_from([*ALLOWED]), some.text(max_size=8)), WORDS), max_size=4))
def test_any_parameters(house: Service, stranger: Stranger, parameters: list[tuple[str, str]]) -> None:
    address = "/transcribe?" + urlencode(
        [(name.encode("utf-8", "replace"), value.encode("utf-8", "replace")) for name, value in parameters]
    )
    check(house, stranger, address, form())


@settings(max_examples=40)
@given(
    some.dictionaries(
        some.one_of(
            some.sampled_from([*TranscriptionFields.model_fields, "languages[]", "include[]"]),
            some.text("abc[]", min_size=1, max_size=8),
        ),
        WORDS,
        max_size=4,
    )
)
def test_any_fields_of_openai_s_form(house: Service, stranger: Stranger, fields: dict[str, str]) -> None:
    check(house, stranger, "/v1/audio/transcriptions", form(**_typed(fields)))


def _typed(fields: dict[str, str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in ("name", "content", "part")}
