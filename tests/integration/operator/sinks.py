"""A sink of events under test: a real HTTP server, which may be away, slow or hostile, and remembers what it took."""

import base64
import hmac
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

KEY = "whsec_" + base64.b64encode(b"a signing key for the tests").decode()


@dataclass
class Received:
    """A request."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def event(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body)
        return document

    def is_signed(self, key: str = KEY) -> bool:
        """As Standard Webhooks says, and within a minute of now."""
        content = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        expected = base64.b64encode(hmac.digest(base64.b64decode(key.removeprefix("whsec_")), content, "sha256")).decode()
        fresh = abs(time.time() - int(self.headers["webhook-timestamp"])) < 60
        return fresh and f"v1,{expected}" in self.headers["webhook-signature"].split()


class SinkServer:
    """Change how it answers at any time."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.status = 204
        self.headers: dict[str, str] = {}
        self.manners = "answers"
        """Or: hangs, drips, floods, hangs up, says nonsense."""
        self.received: list[Received] = []
        """All requests, taken or not, oldest first."""
        self.taken: list[Received] = []
        self.released = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/in?team=a"

    def start(self) -> None:
        """Again on the same port, after `stop`."""
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sink.answer(self, Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body))

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: Any) -> None:
                pass  # the client has hung up

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_port
        if self._tls:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Nobody listens any more."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def answer(self, handler: BaseHTTPRequestHandler, received: Received) -> None:
        """One request."""
        self.received.append(received)
        match self.manners:
            case "hangs":
                self.released.wait(60)
                handler.close_connection = True
            case "hangs up":
                handler.close_connection = True
            case "says nonsense":
                handler.wfile.write(b"\x00\xff" * 1000)
                handler.close_connection = True
            case "drips":
                for _ in range(600):
                    if self.released.wait(0.1):
                        break
                    handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            case "floods":
                self._respond(handler, 200, {"Content-Length": str(2**40)})
                while not self.released.is_set():
                    handler.wfile.write(b"x" * 65536)
                self.taken.append(received)
            case _:
                if 200 <= self.status < 300:
                    self.taken.append(received)
                self._respond(
                    handler, self.status, {"Content-Length": "0", **self.headers} if self.status != 204 else self.headers
                )

    def _respond(self, handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str]) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()

    def told(self, name: str) -> list[str]:
        """The phases that were told of the job of that name, in this order, each once."""
        phases = {one.event["id"]: one.event["data"]["phase"] for one in self.taken if one.event["data"]["name"] == name}
        return list(phases.values())


@contextmanager
def running_sink(tls: ssl.SSLContext | None = None) -> Iterator[SinkServer]:
    """One that takes everything."""
    sink = SinkServer(tls)
    sink.start()
    yield sink
    sink.released.set()
    sink.stop()


def secret(folder: Path, **more: str) -> Path:
    """The sink's Secret as a mounted folder; `headers="..."` and `ca.crt` may be in it, too."""
    folder.mkdir(exist_ok=True)
    for name, text in {"signingKey": KEY, **more}.items():
        (folder / name).write_text(text)
    return folder
