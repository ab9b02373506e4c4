"""Who may open a stream, how many there may be, and how they are asked to end."""

import asyncio
import errno
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket

from tests.unit.runner.services import engine_of, service
from transcription_runner.errors import DeviceError
from transcription_runner.serve.figures import Figures
from transcription_runner.serve.keys import Keys, household, key_of, subprotocols
from transcription_runner.serve.live.opened import Opened
from transcription_runner.serve.live.session import check_origin
from transcription_runner.serve.live.streams import Streams
from transcription_runner.serve.refusals import Refusal

KEY = "a-key-of-the-call-centre"


def scope(**headers: str) -> dict[str, Any]:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "websocket", "path": "/", "headers": named, "client": ("10.0.0.7", 1), "query_string": b""}


def websocket(**headers: str) -> WebSocket:
    async def unused(*_: Any) -> Any:
        raise AssertionError

    return WebSocket(scope(**headers), unused, unused)


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {KEY}"},
        {"authorization": f"Token {KEY}"},
        {"x-api-key": KEY},
        {"sec-websocket-protocol": f"token, {KEY}"},
        {"sec-websocket-protocol": f"realtime, openai-insecure-api-key.{KEY}, openai-beta.realtime-v1"},
    ],
)
def test_a_key_is_taken_wherever_a_client_can_put_it(headers: dict[str, str]) -> None:
    Keys([KEY]).check(headers)


@pytest.mark.parametrize("offered", ["", "token", f"{KEY}", f"realtime, {KEY}", f"{KEY}, token", "openai-insecure-api-key."])
def test_what_stands_elsewhere_is_no_key(offered: str) -> None:
    with pytest.raises(Refusal):
        Keys([KEY]).check({"sec-websocket-protocol": offered})
    assert key_of(subprotocols({"sec-websocket-protocol": offered})) != KEY


def test_clients_are_told_apart_by_key_and_else_by_address() -> None:
    one, other = (HTTPConnection(scope(authorization=f"Bearer {KEY}{end}")) for end in "ab")
    assert Keys([KEY]).client(one) != Keys([KEY]).client(other)
    assert KEY not in Keys([KEY]).client(one)
    assert Keys().client(one) == Keys().client(other) == "10.0.0.7"


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("10.0.0.7", "10.0.0.8", False),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.7", "10.0.0.7", True),
        ("::ffff:10.0.0.7", "::ffff:10.0.0.8", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("no address", "no other", False),
    ],
)
def test_whoever_has_many_addresses_is_one_client(one: str, other: str, alike: bool) -> None:
    assert (household(one) == household(other)) is alike


def test_programs_send_no_origin_and_are_let_in() -> None:
    check_origin(websocket(host="service:9080"))


def test_only_the_services_own_pages_may_open_a_stream() -> None:
    check_origin(websocket(host="service:9080", origin="http://service:9080"))
    check_origin(websocket(host="service:9080", origin="https://calls.example.com"), ["https://calls.example.com"])
    for origin in ("http://evil.example", "null", "http://service:9081", "http://service:9080.evil.example"):
        with pytest.raises(Refusal):
            check_origin(websocket(host="service:9080", origin=origin))


def test_as_many_streams_are_open_as_there_are_places() -> None:
    streams = Streams(1)
    with streams.place("anna"), pytest.raises(Refusal) as refused, streams.place("anna"):
        pass
    assert (refused.value.status, streams.taken) == (429, 0)
    with streams.place("anna"):
        pass


class Closing:
    """A WebSocket that remembers how it was closed."""

    def __init__(self) -> None:
        self.state = SimpleNamespace(figures=Figures())
        self.closed: tuple[int, str] | None = None

    async def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)


@pytest.mark.parametrize(
    ("error", "told", "known"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "ScratchFull: the scratch folder has no room", True),
        (DeviceError("DeviceFailed", "CUDA error"), "DeviceFailed: the device of this service stopped working", True),
        (OSError(errno.EMFILE, "Too many open files"), "InternalError: ", False),
        (KeyError("secret"), "InternalError: ", False),
    ],
)
def test_a_stream_that_cannot_go_on_is_closed_with_the_reason(error: Exception, told: str, known: bool) -> None:
    closing = Closing()

    async def run() -> None:
        with engine_of() as engine:
            async with Opened(cast(WebSocket, closing), service(engine), corrections=False):
                raise error

    with nullcontext() if known else pytest.raises(type(error)):
        asyncio.run(run())
    assert closing.closed is not None
    assert closing.closed[0] == 1011
    assert closing.closed[1].startswith(told)
    assert "secret" not in closing.closed[1]
    assert len(closing.closed[1].encode()) <= 123, "a frame has no more room"


def test_a_service_without_streams_says_so() -> None:
    with pytest.raises(Refusal) as refused, Streams(0).place("anna"):
        pass
    assert refused.value.code == "NoStreams"


def test_the_end_of_the_service_waits_for_the_last_words_of_every_stream_and_lets_none_in() -> None:
    async def run() -> list[str]:
        streams, said = Streams(8), list[str]()

        async def stream(name: str) -> None:
            with streams.place(name) as asked:
                await asked.wait()
                await asyncio.sleep(0.01)
                said.append(name)

        tasks = [asyncio.ensure_future(stream(name)) for name in "ab"]
        await asyncio.sleep(0)
        draining = asyncio.ensure_future(streams.drain())
        await asyncio.sleep(0)
        with pytest.raises(Refusal) as refused, streams.place("c"):
            pass
        assert refused.value.status == 503
        await asyncio.wait_for(draining, 5)
        told = list(said)
        await asyncio.wait(tasks)
        return told

    assert sorted(asyncio.run(run())) == ["a", "b"]
