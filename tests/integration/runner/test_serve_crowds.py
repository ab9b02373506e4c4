"""Ten thousand connections at once, and clients that are slow, deaf or half gone: who behaves is served, nothing stays behind.

The process, its limits and the times are the real ones.
"""

import asyncio
import resource
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np
import pytest
from websockets.sync.client import connect

from tests.integration.runner.raw_upload import RawUpload, form
from tests.integration.runner.service_process import ServiceProcess, serving, until
from tests.integration.runner.sound import said, wav
from transcription_runner.serve.connections import HEADERS_SECONDS, LINGER_SECONDS, MOST_CONNECTIONS, UNREAD_SECONDS
from transcription_runner.serve.live.session import IDLE_SECONDS
from transcription_runner.serve.uploads import PATIENCE_SECONDS

SENTENCE = "please confirm the order number seven four two"
CROWD = 10_000
ELSEWHERE = "127.0.0.2"
"""Where strangers come from: the service tells clients apart by address."""
AT_ONCE = 200
MORE_MEMORY_BYTES = 150 << 20
LATER_SECONDS = 20.0
"""How much later than its time a busy machine may end something."""
HEAD = b"POST /transcribe?language=en HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=limit\r\n"
PROBE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def service(models: Path) -> Iterator[ServiceProcess]:
    with serving(models, "--places", "32") as process:
        yield process


@pytest.fixture(scope="module")
def sound() -> bytes:
    return wav(said(SENTENCE))


@pytest.fixture
def many_files() -> Iterator[None]:
    """As many as this process needs to have that many connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CROWD + 1000
    assert hard == resource.RLIM_INFINITY or hard >= wanted, f"this test needs {wanted} open files: ulimit -Hn says {hard}"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Crowd:
    """Strangers, each with a connection on which it has said something."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self.sockets: list[socket.socket] = []

    async def come(self, sayings: list[bytes]) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(saying: bytes) -> None:
            async with gate:
                connection = socket.socket()
                self.sockets.append(connection)
                connection.setblocking(False)
                connection.bind((ELSEWHERE, 0))
                await asyncio.get_running_loop().sock_connect(connection, self._address)
                with suppress(OSError):  # it was let go of meanwhile
                    connection.send(saying)

        await asyncio.gather(*map(one, sayings))

    def statuses(self) -> Counter[str]:
        """What was answered, as far as it has come."""
        found: Counter[str] = Counter()
        for connection in self.sockets:
            with suppress(OSError):
                found[connection.recv(12, socket.MSG_PEEK).decode("latin-1").removeprefix("HTTP/1.1 ")] += 1
        return found

    def go(self) -> None:
        for connection in self.sockets:
            connection.close()


def sayings(sound: bytes) -> list[bytes]:
    """What CROWD strangers say: nothing, a part of a request, or a request."""
    whole = form(b"no sound")
    half = [
        PROBE,
        PROBE[:20],
        HEAD + b"Content-Length: 100000\r\n\r\n" + form(sound)[:2000],
        HEAD + f"Content-Length: {len(whole)}\r\n\r\n".encode() + whole,
        b"\x16\x03\x01 no HTTP at all\r\n\r\n",
    ]
    return [b"" if number % 2 else half[number // 2 % len(half)] for number in range(CROWD)]


def transcribed(service: ServiceProcess, sound: bytes) -> str:
    """What a client gets that comes back when it is told to."""
    while True:
        answered = service.post(sound, language="en", format="txt")
        if answered.status_code != 429:
            assert answered.status_code == 200, answered.text
            return answered.text
        time.sleep(int(answered.headers["retry-after"]))


def nothing_left(service: ServiceProcess) -> bool:
    return (service.taken(), service.gauge("streams_open"), service.sizes()) == (0, 0, [])


def test_ten_thousand_connections_at_once_keep_nobody_from_being_served(
    service: ServiceProcess, sound: bytes, many_files: None
) -> None:
    assert "order number" in transcribed(service, sound)
    before, crowd = service.resident_bytes(), Crowd(service.address)
    try:
        asyncio.run(crowd.come(sayings(sound)))
        assert len(crowd.sockets) == CROWD
        for _ in range(3):
            began = time.monotonic()
            assert service.client.get("/healthz").status_code == 200
            assert time.monotonic() - began < 10
            assert "order number" in transcribed(service, sound)
        assert service.gauge("connections") <= MOST_CONNECTIONS + 1
        assert service.resident_bytes() - before < MORE_MEMORY_BYTES
        statuses = crowd.statuses()
        assert statuses.keys() <= {"", "200", "400", "408", "415", "422", "429"}, statuses
        assert statuses["200"] > 0, statuses
    finally:
        crowd.go()
    until(lambda: nothing_left(service))
    assert "order number" in transcribed(service, sound)
    assert "internal error" not in service.log
    assert "Traceback" not in service.log


def gone(connection: socket.socket) -> None:
    """Returns when the service has ended the connection, whatever it says before."""
    connection.settimeout(None)
    with suppress(OSError):
        while connection.recv(1 << 16):
            continue


class Slow:
    """Clients that are slow, each in a thread; they return when the service lets go of them."""

    def __init__(self, service: ServiceProcess, held: ExitStack) -> None:
        self._service, self._held = service, held

    def silent(self) -> None:
        gone(self._connected())

    def headers_byte_by_byte(self) -> None:
        self._dripping(PROBE[:-2], b"X: y\r\n")

    def a_body_byte_by_byte(self) -> None:
        self._dripping(HEAD + b"Content-Length: 1000000\r\n\r\n" + form(b"")[:80], b"x")

    def a_body_that_nobody_reads_any_more(self) -> None:
        self._dripping(HEAD + f"Content-Length: {1 << 50}\r\n\r\n".encode(), bytes(1000))

    def a_stream_that_says_nothing(self) -> None:
        with connect(f"ws://127.0.0.1:{self._service.address[1]}/v1/listen?encoding=linear16&sample_rate=16000") as stream:
            for _ in stream:
                continue

    def a_stream_that_hears_nothing(self) -> None:
        """It asks for an error message again and again."""
        deaf = self._connected(receiving=4096)
        key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        upgrade = (
            f"GET /v1/realtime?intent=transcription HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\n"
        )
        deaf.sendall(upgrade.encode())
        nonsense = (b"\x81\x82\0\0\0\0[]" + b"\x89\x80\0\0\0\0") * 1000
        with suppress(OSError):
            while True:
                deaf.sendall(nonsense)

    def events_that_are_not_read(self) -> None:
        """Of more words than the kernel keeps for anybody."""
        deaf = self._connected(receiving=4096)
        body = form(wav(np.tile(said(SENTENCE), 4)), {"language": "en", "stream": "true"})
        head = HEAD.replace(b"/transcribe?language=en", b"/v1/audio/transcriptions")
        deaf.sendall(head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        with suppress(OSError):
            while True:
                deaf.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 100)

    def half_closed(self) -> None:
        connection = self._connected()
        connection.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n" + form(b"")[:80])
        connection.shutdown(socket.SHUT_WR)
        gone(connection)

    def _connected(self, receiving: int = 0) -> socket.socket:
        connection = socket.socket()
        if receiving:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receiving)
        connection.bind((ELSEWHERE, 0))
        connection.connect(self._service.address)
        self._held.callback(connection.close)
        return connection

    def _dripping(self, begin: bytes, drop: bytes) -> None:
        connection = self._connected()
        connection.sendall(begin)
        with suppress(OSError):
            while True:
                time.sleep(0.1)
                connection.sendall(drop)


def test_slow_clients_are_let_go_of_in_time(service: ServiceProcess, sound: bytes) -> None:
    with ExitStack() as held, ThreadPoolExecutor(16) as threads:
        slow = Slow(service, held)
        limits: dict[Callable[[], None], float] = {
            slow.silent: HEADERS_SECONDS,
            slow.headers_byte_by_byte: HEADERS_SECONDS,
            slow.a_body_byte_by_byte: PATIENCE_SECONDS + LINGER_SECONDS,
            slow.a_body_that_nobody_reads_any_more: LINGER_SECONDS,
            slow.a_stream_that_says_nothing: IDLE_SECONDS,
            slow.a_stream_that_hears_nothing: IDLE_SECONDS + UNREAD_SECONDS,
            slow.events_that_are_not_read: 2 * UNREAD_SECONDS,  # until the kernel keeps no more, it takes a while
            slow.half_closed: 0.0,
        }
        began, ended = time.monotonic(), dict[str, float]()

        def timed(client: Callable[[], None]) -> None:
            client()
            ended[client.__name__] = time.monotonic() - began

        waiting = [threads.submit(timed, client) for client in limits]
        until(lambda: service.taken() >= 2)
        for one in waiting:
            assert "order number" in transcribed(service, sound), "whoever behaves is served meanwhile"
            one.result(max(1.0, began + max(limits.values()) + LATER_SECONDS - time.monotonic()))
        late = {one.__name__: ended[one.__name__] for one in limits if ended[one.__name__] > limits[one] + LATER_SECONDS}
        assert not late
        assert ended["silent"] > HEADERS_SECONDS - 1
    until(lambda: nothing_left(service))
    assert "internal error" not in service.log


def test_a_connection_that_is_reset_in_the_middle_leaves_nothing(service: ServiceProcess, sound: bytes) -> None:
    for size in (100, 300, 2000, None):
        with RawUpload(service, sound) as upload:
            upload.send(size)
            upload.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    with connect(f"ws://127.0.0.1:{service.address[1]}/v1/listen?language=en") as stream:
        stream.send(sound[:5000])
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        stream.socket.close()
    until(lambda: nothing_left(service))
    assert "order number" in transcribed(service, sound)
    assert "status=500" not in service.log
