"""A store with a certificate of a private authority: taken where the authority is known, refused where not, and each says why."""

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from transcription_api.names import ENV_S3_CA_FILE
from transcription_runner.errors import ConfigurationError
from transcription_runner.store.port import StoreUnavailableError
from transcription_runner.store.s3 import S3Store

LISTING = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"


class Empty(BaseHTTPRequestHandler):
    """A store without objects."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/xml")
        self.send_header("content-length", str(len(LISTING)))
        self.end_headers()
        self.wfile.write(LISTING)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that is its own authority, with its key in the same file."""
    folder = tmp_path_factory.mktemp("authority")
    key, certificate = folder / "key.pem", folder / "ca.crt"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate


@contextmanager
def https(certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    server = HTTPServer(("127.0.0.1", 0), Empty)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_store_is_believed_with_its_own_authority(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV_S3_CA_FILE, str(certificate))
    with https(certificate) as endpoint:
        assert list(S3Store(endpoint, "access", "credential").list("bucket", "")) == []


def test_without_it_the_store_is_refused_and_the_message_says_where_the_authority_belongs(certificate: Path) -> None:
    with https(certificate) as endpoint, pytest.raises(StoreUnavailableError, match=r"TLS: self.signed.*storage\.caSecret"):
        list(S3Store(endpoint, "access", "credential").list("bucket", ""))


@pytest.mark.parametrize(("content", "said"), [(None, "No such file"), ("no PEM", "holds no certificate")])
def test_a_file_without_certificates_names_the_secret(
    content: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ca.crt"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv(ENV_S3_CA_FILE, str(file))
    with pytest.raises(ConfigurationError, match=rf"{said}.*key ca\.crt of the Secret.*storage\.caSecret"):
        S3Store("https://store:9000", "access", "credential")


def test_plain_http_asks_for_no_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV_S3_CA_FILE, str(tmp_path / "nowhere"))
    S3Store("http://store:9000", "access", "credential")
