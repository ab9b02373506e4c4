"""Connections of strangers: how many there are, and for how long one may be about what is its own part.

Uvicorn bounds what it reads of a request and how long a connection idles between two. This is about what it leaves open: a
request that never comes or comes byte by byte, a client that is answered and sends on, more connections than there are files to
open. Who does not read its answer, or is not there any more, the kernel finds out.
"""

import asyncio
import json
import resource
import socket

import h11
from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from transcription_runner.serve.refusals import LATER_SECONDS, Refusal

HEADERS_SECONDS = 20.0
"""A request's line and headers have to come within so long: from the beginning of a connection, later from their first byte."""
LINGER_SECONDS = 30.0
"""Who gets its answer before its body is over may send on for so long: many clients read only then."""
UNREAD_SECONDS = 30
"""Who takes nothing for so long of what waits for it is gone."""
UNREAD_BYTES = 4 << 20
"""So much may wait for who opened a WebSocket; what is told there is small, but for the pongs of endless pings."""
MOST_CONNECTIONS = 4096
BACKLOG = 512
"""Connections that may wait to be taken, all of which may be taken in one go."""
FILES = 256
"""For models, libraries, threads and probes."""
FILES_OF_A_REQUEST = 6
"""Its upload, its sound, and what it takes to decode it; there may be a quarter more requests than places."""
FEWEST_CONNECTIONS = 64


class Connections(ServerState):
    """All that are open, and of these in order who waits longest without a request. Used from one thread, the event loop's."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self._waiting: dict[Http, None] = {}

    def waits(self, one: "Http") -> None:
        """It has no request in work."""
        self._waiting.setdefault(one)

    def works(self, one: "Http") -> None:
        """It has, or is at its end."""
        self._waiting.pop(one, None)

    def room(self) -> bool:
        """Whether the newest may stay. Where they are too many, the one goes that waits longest, if any does."""
        if len(self.connections) <= self.most:
            return True
        idle = next((one for one in self._waiting if not one.transport.get_write_buffer_size()), None)
        if idle is None:
            return False
        self.works(idle)
        self.connections.discard(idle)
        idle.transport.abort()
        return True


class Http(H11Protocol):
    """A connection that speaks HTTP."""

    server_state: Connections
    _limit: asyncio.TimerHandle | None = None
    _lingers = False
    """Whether all is answered but the last byte, while more of the request comes."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self.app = self._answered
        if self.server_state.room():
            self._look(HEADERS_SECONDS)
        else:
            message = f"{self.server_state.most} connections are open, and all have something in work; try again later"
            self._end(Refusal(503, "TooManyConnections", message, retry_after=LATER_SECONDS))

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        super().connection_lost(exc)
        self._look()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        super().data_received(data)
        self._look(HEADERS_SECONDS)

    def on_response_complete(self) -> None:
        """See H11Protocol."""
        super().on_response_complete()
        self._look()

    def send_400_response(self, msg: str) -> None:
        """What came is not HTTP. Whoever works on it takes the client for gone."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        begun = self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE)
        self._end(None if begun else Refusal(400, "InvalidRequest", "this is no request of HTTP, or its headers exceed 16 KiB"))

    async def _answered(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """The application. Were the connection closed while its client still sends, the answer would be lost."""
        early = False

        async def sending(message: ASGISendEvent) -> None:
            nonlocal early
            if message["type"] == "http.response.body" and not message.get("more_body") and self._sends_on():
                early, message = True, {**message, "more_body": True}
            await send(message)

        await self.config.loaded_app(scope, receive, sending)
        if not early:
            return
        self._lingers = True
        self._look(LINGER_SECONDS)
        while self._sends_on():
            await receive()
        self._lingers = False
        self._look()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _sends_on(self) -> bool:
        return self.conn.their_state is h11.SEND_BODY and not self.cycle.disconnected

    def _look(self, seconds: float | None = None) -> None:
        """Something has happened. While no request is in work, the client has so many seconds, from when that began.

        None: as long as uvicorn lets it idle.
        """
        working = self.cycle is not None and not self.cycle.response_complete and not self._lingers
        if working or self.transport.is_closing() or self.transport.get_protocol() is not self:
            self.server_state.works(self)
            if self._limit is not None:
                self._limit.cancel()
                self._limit = None
            return
        self.server_state.waits(self)
        if self._limit is None and seconds is not None:
            self._limit = self.loop.call_later(seconds, self.transport.close)

    def _end(self, refusal: Refusal | None) -> None:
        """With an answer, unless one has begun."""
        if refusal is not None:
            self.transport.write(answer_of(refusal))
        self.transport.close()
        self._look()


class WebSocket(WebSocketsSansIOProtocol):
    """A connection that speaks WebSocket."""

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol. The first data are a whole request; else this would wait for ever for another one."""
        super().data_received(data)
        if not self.handshake_initiated:
            message = "this opens no WebSocket: a GET without a body does, with at most 128 headers of at most 8 KiB each"
            self.transport.write(answer_of(Refusal(400, "InvalidRequest", message)))
            self.transport.close()

    def handle_ping(self) -> None:
        """See WebSocketsSansIOProtocol. Who pings and never reads must not fill the memory with pongs."""
        super().handle_ping()
        if self.transport.get_write_buffer_size() > UNREAD_BYTES:
            self.transport.abort()


def answer_of(refusal: Refusal) -> bytes:
    """The whole answer to a request that never came to the application; the connection ends with it."""
    body = json.dumps(refusal.body()).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close", **refusal.headers()}
    reason = {400: "Bad Request", 503: "Service Unavailable"}[refusal.status]
    head = [f"HTTP/1.1 {refusal.status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*head, "", ""]).encode() + body


def bounded_by_the_kernel(listener: socket.socket) -> None:
    """Have the kernel end connections whose client reads nothing, or is gone without a word. The listener's they inherit."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, UNREAD_SECONDS)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, UNREAD_SECONDS // 3)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_SECONDS * 1000)


def connections_at_most(requests: int) -> int:
    """How many connections may be open beside so many requests; the limit of open files is raised where it can be."""
    beside = FILES + FILES_OF_A_REQUEST * requests + BACKLOG
    return connections_among(may_be_open(MOST_CONNECTIONS + beside), beside)


def connections_among(files: int, beside: int) -> int:
    """How many of the files that may be open are connections, where so many others are needed. Pure."""
    return max(FEWEST_CONNECTIONS, min(MOST_CONNECTIONS, files - beside))


def may_be_open(wanted: int) -> int:
    """How many files this process may open, once it has asked for as many as it wants."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most
