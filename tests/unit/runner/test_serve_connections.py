"""Slow, silent, deaf and many clients on a real socket: each is let go of in time, and whoever behaves is served meanwhile."""

import asyncio
import resource
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager

import pytest
from uvicorn.config import Config

from tests.unit.runner.scripted import ScriptedEngine
from tests.unit.runner.services import BOUNDARY, engine_of, form, service, until
from transcription_runner.serve import connections, uploads
from transcription_runner.serve.application import application
from transcription_runner.serve.connections import bounded_by_the_kernel, connections_among, may_be_open
from transcription_runner.serve.server import Server
from transcription_runner.serve.service import Service

PROBE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
UPLOAD = (
    f"POST /transcribe?language=es&format=txt HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
    "Content-Length: {size}\r\n\r\n"
)
HANDSHAKE = (
    "GET /v1/listen?encoding=linear16&sample_rate=16000 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
)


@pytest.fixture
def engine() -> Iterator[ScriptedEngine]:
    with engine_of() as engine:
        yield engine


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADERS_SECONDS", 0.3)
    monkeypatch.setattr(connections, "LINGER_SECONDS", 0.3)
    monkeypatch.setattr(connections, "UNREAD_SECONDS", 3)


class Peer:
    """A client that speaks no more of HTTP than a test wants."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def says(self, content: bytes) -> None:
        self.writer.write(content)
        await self.writer.drain()

    async def hears(self) -> bytes:
        """All that comes until the service ends the connection."""
        try:
            return await asyncio.wait_for(self.reader.read(), 10)
        except ConnectionResetError:
            return b""

    async def gets(self, end: bytes = b"\r\n\r\n") -> bytes:
        return await asyncio.wait_for(self.reader.readuntil(end), 10)


class Port:
    """Where the service listens."""

    def __init__(self, server: Server, port: int) -> None:
        self.server, self._port = server, port

    @property
    def open(self) -> int:
        return len(self.server.server_state.connections)

    async def peer(self) -> Peer:
        return Peer(*await asyncio.open_connection("127.0.0.1", self._port))

    async def answers(self) -> bool:
        """Whether whoever behaves is served."""
        peer = await self.peer()
        await peer.says(PROBE)
        found = await peer.gets()
        peer.writer.close()
        return found.startswith(b"HTTP/1.1 200")


@asynccontextmanager
async def listening(house: Service, most: int = 100, trusted: Sequence[str] = ()) -> AsyncIterator[Port]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        bounded_by_the_kernel(listener)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)  # as little as there is: who does not read is noticed soon
        server = Server(application(house, "0"), house.streams, most, trusted)
        config: Config = server.config
        config.load()
        serving = asyncio.ensure_future(server._serve([listener]))
        await until(lambda: server.started)
        try:
            yield Port(server, listener.getsockname()[1])
        finally:
            server.stop()
            await asyncio.wait_for(serving, 10)


def played(engine: ScriptedEngine, scene: Callable[[Port, Service], Awaitable[None]], most: int = 100) -> None:
    """A scene with a service; nothing of it is left."""

    async def whole() -> None:
        house = service(engine)
        async with listening(house, most) as port:
            await scene(port, house)
            assert await port.answers()
        assert (house.places.taken, house.scratch.taken, house.streams.taken) == (0, 0, 0)

    asyncio.run(whole())


@pytest.mark.parametrize("said", [b"", b"G", PROBE[:-2], b"GET / HTTP/1.1\r\nX: "])
def test_a_request_that_never_comes_is_not_waited_for(said: bytes, engine: ScriptedEngine) -> None:
    async def scene(port: Port, _: Service) -> None:
        peer = await port.peer()
        await peer.says(said)
        assert await peer.hears() == b""

    played(engine, scene)


def test_nor_is_one_that_comes_byte_by_byte(engine: ScriptedEngine) -> None:
    async def scene(port: Port, _: Service) -> None:
        peer = await port.peer()
        await peer.says(PROBE[:-2])

        async def drip() -> None:
            for _ in range(200):
                await peer.says(b"X: y\r\n")
                await asyncio.sleep(0.02)

        dripping = asyncio.ensure_future(drip())
        await until(lambda: port.open == 0)
        dripping.cancel()

    played(engine, scene)


def test_nor_is_a_second_one_on_a_connection_that_was_used(engine: ScriptedEngine) -> None:
    async def scene(port: Port, _: Service) -> None:
        peer = await port.peer()
        await peer.says(PROBE)
        await peer.gets(b"ok")
        await peer.says(b"GET /he")
        assert await peer.hears() == b""

    played(engine, scene)


def test_a_connection_that_idles_between_two_requests_stays(engine: ScriptedEngine) -> None:
    async def scene(port: Port, house: Service) -> None:
        peer = await port.peer()
        for _ in range(2):
            await peer.says(PROBE)
            await peer.gets(b"ok")
            await asyncio.sleep(0.6)
        assert port.open == 1

    played(engine, scene)


def test_a_request_that_is_long_in_work_is_not_taken_for_a_slow_one() -> None:
    with engine_of() as engine:

        async def scene(port: Port, _: Service) -> None:
            peer = await port.peer()
            body = form("5x40")
            await peer.says(UPLOAD.format(size=len(body)).encode() + body)
            assert (await peer.gets()).startswith(b"HTTP/1.1 200")

        played(engine, scene)


def test_who_is_answered_before_its_body_is_over_gets_the_answer_and_a_while_to_read_it(engine: ScriptedEngine) -> None:
    async def scene(port: Port, house: Service) -> None:
        peer = await port.peer()
        await peer.says(UPLOAD.format(size=1 << 40).encode() + form()[:50])
        told = await peer.gets(b"}}")
        assert told.startswith(b"HTTP/1.1 413")
        assert b"TooLarge" in told
        began = asyncio.get_running_loop().time()
        while port.open:  # however busily it goes on
            peer.writer.write(bytes(100))
            await asyncio.sleep(0.01)
        assert asyncio.get_running_loop().time() - began > 0.2

    played(engine, scene)


@pytest.mark.parametrize("keeping", ["keep-alive", "close"])
def test_who_sends_all_before_it_reads_gets_an_answer_that_was_given_long_before(keeping: str, engine: ScriptedEngine) -> None:
    async def scene(port: Port, house: Service) -> None:
        peer, size = await port.peer(), 3 << 20
        head = UPLOAD.format(size=size).replace("Host: x", f"Host: x\r\nConnection: {keeping}")
        await peer.says(head.encode())
        for _ in range(size // (1 << 16)):
            await peer.says(bytes(1 << 16))
        assert (await peer.gets(b"}}")).startswith(b"HTTP/1.1 422")
        if keeping == "close":
            assert await peer.hears() == b""
        else:
            await peer.says(PROBE)
            assert (await peer.gets(b"ok")).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.6)
        assert port.open == (keeping == "keep-alive")

    played(engine, scene)


def test_a_client_that_stops_in_its_upload_gives_its_place_back(engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "PATIENCE_SECONDS", 0.3)

    async def scene(port: Port, house: Service) -> None:
        peer = await port.peer()
        await peer.says(UPLOAD.format(size=5000).encode() + form()[:50])
        assert (await peer.gets()).startswith(b"HTTP/1.1 408")
        await peer.hears()

    played(engine, scene)


@pytest.mark.parametrize("sent", [0, 50, 10_000])
def test_a_half_closed_connection_is_a_client_that_hung_up(sent: int, engine: ScriptedEngine) -> None:
    async def scene(port: Port, house: Service) -> None:
        body = form("1x5000")
        peer = await port.peer()
        await peer.says(UPLOAD.format(size=len(body)).encode() + body[:sent])
        await until(lambda: house.places.taken)
        peer.writer.write_eof()
        await until(lambda: (house.places.taken, port.open) == (0, 0))

    played(engine, scene)


def test_a_reset_in_the_middle_gives_everything_back(engine: ScriptedEngine) -> None:
    async def scene(port: Port, house: Service) -> None:
        peer = await port.peer()
        await peer.says(UPLOAD.format(size=5000).encode() + form()[:50])
        await until(lambda: house.places.taken)
        peer.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        peer.writer.transport.abort()
        await until(lambda: (house.places.taken, port.open) == (0, 0))

    played(engine, scene)


def test_who_reads_nothing_of_its_answers_is_let_go_of(engine: ScriptedEngine) -> None:
    async def scene(port: Port, _: Service) -> None:
        deaf = socket.create_connection(("127.0.0.1", port._port))
        deaf.setblocking(False)
        asking = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 2000
        with deaf:
            sent = 0
            while sent < len(asking) and port.open < 2:  # as much as it takes
                try:
                    sent += deaf.send(asking[sent:])
                except BlockingIOError:
                    break
                await asyncio.sleep(0)
            await until(lambda: port.open == 1)
            await until(lambda: port.open == 0)

    played(engine, scene)


def test_who_reads_nothing_of_its_events_gives_its_place_back(engine: ScriptedEngine) -> None:
    async def scene(port: Port, house: Service) -> None:
        body = form("1x2000", language="es", stream="true")
        asking = UPLOAD.replace("/transcribe?language=es&format=txt", "/v1/audio/transcriptions").format(size=len(body))
        with socket.create_connection(("127.0.0.1", port._port)) as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            await asyncio.get_running_loop().run_in_executor(None, deaf.sendall, asking.encode() + body)
            await until(lambda: house.places.taken)
            await until(lambda: (house.places.taken, port.open) == (0, 0))

    played(engine, scene)


@pytest.mark.parametrize(
    ("trusted", "client"), [((), "127.0.0.1"), (("10.0.0.0/8",), "127.0.0.1"), (("127.0.0.0/8", "::1"), "10.1.1.1")]
)
def test_who_asks_is_told_by_proxies_that_are_named_and_by_nobody_else(
    trusted: Sequence[str], client: str, engine: ScriptedEngine
) -> None:
    async def whole() -> None:
        house = service(engine)
        async with listening(house, trusted=trusted) as port:
            peer = await port.peer()
            forwarded = "Host: x\r\nX-Forwarded-For: 10.9.9.9, 10.1.1.1"
            await peer.says(UPLOAD.format(size=5000).replace("Host: x", forwarded).encode() + form()[:50])
            await until(lambda: house.places.taken)
            assert set(house.places._held) == {client}
            peer.writer.transport.abort()

    asyncio.run(whole())


def test_where_there_are_too_many_the_one_goes_that_waited_longest_for_nothing(engine: ScriptedEngine) -> None:
    async def scene(port: Port, house: Service) -> None:
        working = await port.peer()
        await working.says(UPLOAD.format(size=5000).encode() + form()[:50])
        await until(lambda: house.places.taken)
        idle = [await port.peer() for _ in range(4)]
        await until(lambda: port.open == 5)
        last = await port.peer()
        await last.says(PROBE)
        assert (await last.gets(b"ok")).startswith(b"HTTP/1.1 200")
        assert await idle[0].hears() == b""
        assert house.places.taken == 1
        working.writer.transport.abort()

    played(engine, scene, most=5)


def test_where_all_have_something_in_work_the_next_one_is_told_to_come_back(engine: ScriptedEngine) -> None:
    async def scene(port: Port, house: Service) -> None:
        working = [await port.peer() for _ in range(2)]
        for one in working:
            await one.says(UPLOAD.format(size=5000).encode() + form()[:50])
        await until(lambda: house.places.taken == 2)
        told = await (await port.peer()).hears()
        assert told.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"Retry-After: 10" in told
        assert b'"code": "TooManyConnections"' in told
        for one in working:
            one.writer.transport.abort()
        await until(lambda: port.open == 0)

    played(engine, scene, most=2)


@pytest.mark.parametrize(
    "said", [b"\x16\x03\x01\x02\0\x01\0", b"nonsense\r\n\r\n", PROBE[:-2] + b"X: " + b"y" * 20_000 + b"\r\n"]
)
def test_what_is_no_http_is_told_so_in_the_one_shape(said: bytes, engine: ScriptedEngine) -> None:
    async def scene(port: Port, _: Service) -> None:
        peer = await port.peer()
        await peer.says(said)
        told = await peer.hears()
        assert told.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b'"code": "InvalidRequest"' in told

    played(engine, scene)


def test_a_body_that_turns_into_nonsense_ends_its_request_alone(engine: ScriptedEngine) -> None:
    async def scene(port: Port, house: Service) -> None:
        peer = await port.peer()
        head = UPLOAD.replace("Content-Length: {size}", "Transfer-Encoding: chunked").encode()
        await peer.says(head + b"32\r\n" + form()[:50] + b"\r\n")
        await until(lambda: house.places.taken)
        await peer.says(b"no chunk\r\n")
        assert b'"code": "InvalidRequest"' in await peer.hears()
        await until(lambda: house.places.taken == 0)

    played(engine, scene)


@pytest.mark.parametrize("more", ["X: y\r\n" * 200, f"X: {'y' * 9000}\r\n", "Content-Length: 5\r\n"])
def test_a_handshake_that_the_library_does_not_take_is_refused_and_not_waited_for(more: str, engine: ScriptedEngine) -> None:
    async def scene(port: Port, house: Service) -> None:
        peer = await port.peer()
        await peer.says(HANDSHAKE.format(more=more).encode())
        told = await peer.hears()
        assert told.startswith(b"HTTP/1.1 400 ")
        await until(lambda: port.open == 0)

    played(engine, scene)


def test_endless_pings_of_a_client_that_never_reads_do_not_fill_the_memory(
    engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "UNREAD_SECONDS", 60)
    monkeypatch.setattr(connections, "UNREAD_BYTES", 1 << 16)

    async def scene(port: Port, house: Service) -> None:
        peer = await port.peer()
        await peer.says(HANDSHAKE.format(more="").encode())
        assert (await peer.gets()).startswith(b"HTTP/1.1 101")
        peer.reader._limit = 1  # type: ignore[attr-defined]
        ping = b"\x89\xfd\0\0\0\0" + bytes(125)

        async def pinging() -> None:
            while True:
                await peer.says(ping * 100)

        with pytest.raises(ConnectionError):
            await asyncio.wait_for(pinging(), 20)
        await until(lambda: port.open == 0)

    played(engine, scene)


@pytest.mark.parametrize(
    ("files", "beside", "most"),
    [(1 << 20, 1000, connections.MOST_CONNECTIONS), (2000, 1000, 1000), (1024, 1000, connections.FEWEST_CONNECTIONS)],
)
def test_there_are_as_many_connections_as_files_allow(files: int, beside: int, most: int) -> None:
    assert connections_among(files, beside) == most


def test_a_process_asks_for_the_files_that_it_needs_and_that_it_may_have() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1000, hard))
        assert (may_be_open(900), resource.getrlimit(resource.RLIMIT_NOFILE)[0]) == (900, 1000)
        assert (may_be_open(1024), resource.getrlimit(resource.RLIMIT_NOFILE)[0]) == (1024, 1024)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
