"""An upload over a plain socket: as much of it, and as slowly, as a test wants."""

import re
import socket
from collections.abc import Mapping
from types import TracebackType
from typing import NamedTuple, Self

from tests.integration.runner.service_process import ServiceProcess

BOUNDARY = "limit"


class Heard(NamedTuple):
    """A whole answer."""

    status: int
    head: str
    body: bytes


class RawUpload:
    """One request. Nothing of it is sent at first."""

    def __init__(
        self,
        service: ServiceProcess,
        content: bytes,
        path: str = "/transcribe?language=en&format=txt",
        *,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        source: str = "127.0.0.1",
    ) -> None:
        """`fields`: of the form, before the file; `headers`: more of them, an empty one is left out; `body`: instead of a form;
        `source`: the address that it comes from.
        """
        body = form(content, fields or {}) if body is None else body
        lines = {
            "Host": "x",
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Content-Length": str(len(body)),
            "Connection": "close",
            **(headers or {}),
        }
        head = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items() if value)]
        self._left = "\r\n".join([*head, "", ""]).encode() + body
        self.socket = socket.create_connection(service.address, timeout=60, source_address=(source, 0))

    def send(self, size: int | None = None) -> None:
        """So many bytes more, or all the rest."""
        now, self._left = self._left[:size], b"" if size is None else self._left[size:]
        self.socket.sendall(now)

    def send_half(self) -> None:
        """Of what is left."""
        self.send(len(self._left) // 2)

    def answer(self) -> Heard:
        """All that comes back until the service closes the connection."""
        return heard(self.socket)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.socket.close()


def heard(connection: socket.socket) -> Heard:
    """An answer, up to the end of its connection."""
    whole = b""
    while content := connection.recv(1 << 16):
        whole += content
    whole = whole.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    head, _, body = whole.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", head)
    assert found, whole[:200]
    if b"transfer-encoding: chunked" in head.lower():
        body = _unchunked(body)
    return Heard(int(found[1]), head.decode("latin-1"), body)


def form(content: bytes, fields: Mapping[str, str] | None = None, name: str = "call.wav") -> bytes:
    """A form with a file."""
    parts = [(f'name="{key}"', value.encode()) for key, value in (fields or {}).items()]
    parts.append((f'name="file"; filename="{name}"', content))
    limit = f"--{BOUNDARY}".encode()
    written = (f"\r\nContent-Disposition: form-data; {what}\r\n\r\n".encode() + value + b"\r\n" for what, value in parts)
    return b"".join(limit + part for part in written) + limit + b"--\r\n"


def _unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        whole, body = whole + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return whole
