"""An endpoint may be anything: of what it sends, no word gets into a message, a report, or a traceback."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from transcription_runner.store.port import StoreUnavailableError
from transcription_runner.store.s3 import S3Store

SECRET = "AKIA-hunter2"
XML = "application/xml"
ANSWERS: dict[str, tuple[int, str, str]] = {
    "a page": (200, "text/html", f"<html>{SECRET}</html>"),
    "a page of a proxy": (502, "text/html", f"<html>{SECRET}</html>"),
    "a page that refuses": (403, "text/plain", f"password={SECRET}"),
    "a redirection": (302, "text/html", SECRET),
    "JSON": (401, "application/json", f'{{"token": "{SECRET}"}}'),
    "an error with words of its own": (400, XML, f"<Error><Code>InvalidRequest</Code><Message>{SECRET}</Message></Error>"),
    "a code of its own": (400, XML, f"<Error><Code>{SECRET.replace('-', '')}</Code><Message>{SECRET}</Message></Error>"),
    "a transient error": (503, XML, f"<Error><Code>SlowDown</Code><Message>{SECRET}</Message></Error>"),
    "a refusal": (403, XML, f"<Error><Code>AccessDenied</Code><Message>{SECRET}</Message></Error>"),
    "a refused key": (400, XML, f"<Error><Code>InvalidArgument</Code><Message>{SECRET}</Message></Error>"),
    "XML that is no listing": (200, XML, f"<a>{SECRET}</a>"),
    "XML that is none": (400, XML, f"<Error>&{SECRET.replace('-', '')};"),
    "a listing with words for numbers": (
        200,
        XML,
        f"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a</Key><LastModified>{SECRET}</LastModified>"
        f"<Size>{SECRET}</Size></Contents></ListBucketResult>",
    ),
}
CALLS: dict[str, Callable[[S3Store, Path], object]] = {
    "list": lambda store, _: list(store.list("bucket", "")),
    "stat": lambda store, _: store.stat("bucket", "key"),
    "get": lambda store, _: store.get("bucket", "key"),
    "fetch": lambda store, folder: store.fetch("bucket", "key", folder / "file", 1000),
    "put": lambda store, _: store.put("bucket", "key", b"x", "text/plain"),
    "claim": lambda store, _: store.put_if_absent("bucket", "key", b"x"),
    "delete": lambda store, _: store.delete("bucket", "key"),
}


@contextmanager
def answering(status: int, kind: str, body: str) -> Iterator[str]:
    """A server that says the same to everything; its address."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(status)
            for name, value in (("content-type", kind), ("content-length", str(len(body))), ("location", f"/{SECRET}")):
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body.encode())

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("what", ANSWERS)
def test_nothing_that_an_endpoint_says_is_repeated(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    said = {}
    with answering(*ANSWERS[what]) as endpoint:
        for name, call in CALLS.items():
            try:
                call(S3Store(endpoint, "access", "credential"), tmp_path)
            except Exception as error:
                said[name] = "".join(traceback.format_exception(error))
    assert said, "nothing was refused"
    for name, text in said.items():
        assert SECRET not in text, name
        assert SECRET.replace("-", "") not in text, name


@pytest.mark.parametrize(("what", "names"), [("a page", "HTTP 502"), ("a transient error", "SlowDown")])
def test_what_helps_is_said(what: str, names: str) -> None:
    status, kind, body = ANSWERS["a page of a proxy" if what == "a page" else what]
    with answering(status, kind, body) as endpoint, pytest.raises(StoreUnavailableError) as caught:
        list(S3Store(endpoint, "access", "credential").list("bucket", ""))
    assert endpoint in str(caught.value)
    assert names in str(caught.value)
    assert caught.value.reached is (what == "a transient error"), "a page is no object store"


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("http://127.0.0.1:9", "http://127.0.0.1:9 cannot be reached: Connection refused"),
        ("http://localhost:9", "127.0.0.1"),
        ("http://no-such-host.invalid:9000", "http://no-such-host.invalid:9000 cannot be reached: the name does not resolve"),
    ],
)
def test_an_endpoint_that_cannot_be_reached_is_named_with_its_address_and_the_fault(endpoint: str, said: str) -> None:
    with pytest.raises(StoreUnavailableError) as caught:
        list(S3Store(endpoint, "access", "credential").list("bucket", ""))
    assert said in str(caught.value)
    assert not caught.value.reached


def test_plain_http_where_https_is_asked_for_is_said() -> None:
    with answering(200, "text/html", SECRET) as endpoint, pytest.raises(StoreUnavailableError) as caught:
        list(S3Store(endpoint.replace("http:", "https:"), "access", "credential").list("bucket", ""))
    assert "TLS: " in str(caught.value)
    assert SECRET not in str(caught.value)
