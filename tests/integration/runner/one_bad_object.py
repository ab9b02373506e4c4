"""A store behind a gateway that does not give one object, as a store with a damaged disk: whatever else is asked is passed on."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

SLOW_DOWN = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDownRead</Code><Message>no quorum</Message></Error>'


class Gateway(ThreadingHTTPServer):
    """Passes every request on with the host that it was signed for, and refuses to GET the keys of which `refusals` are left."""

    daemon_threads = True

    def __init__(self, behind: str, refusals: dict[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind, self.refusals = urlsplit(behind).netloc, refusals
        self.refused = 0
        """Requests so far that were answered with 503."""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Gateway

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        key = urlsplit(self.path).path.split("/", 2)[-1]
        if self.command == "GET" and self.server.refusals.get(key, 0) > 0:
            self.server.refusals[key] -= 1
            self.server.refused += 1
            self._answer(503, {"Content-Type": "application/xml"}, SLOW_DOWN)
            return
        store = http.client.HTTPConnection(self.server.behind, timeout=60)
        store.request(self.command, self.path, body, dict(self.headers))
        answer = store.getresponse()
        content = answer.read()
        self._answer(answer.status, {name: value for name, value in answer.getheaders() if name in _KEPT}, content)
        store.close()

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in (headers | {"Content-Length": headers.get("Content-Length", str(len(content)))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass_on  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Nothing: the pod's log tells."""


_KEPT = {"Content-Type", "Content-Length", "ETag", "Last-Modified"}


@contextmanager
def gateway(behind: str, refusals: dict[str, int]) -> Iterator[Gateway]:
    """A gateway before the store at `behind`, for as long as it is needed."""
    server = Gateway(behind, refusals)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
