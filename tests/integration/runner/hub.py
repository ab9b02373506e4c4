"""A small Hugging Face hub: real HTTP, the few endpoints that huggingface_hub uses, and the ways in which a hub disappoints."""

import hashlib
import json
import os
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 100_000
"""Bytes from which a file is kept as git-lfs keeps it: known by its SHA-256 instead of its git blob id."""


@dataclass
class Repository:
    """The files of one model, and who may have them."""

    files: dict[str, bytes]
    token: str | None = None
    """Who lacks it is told that the model is gated."""
    config: dict[str, Any] = field(default_factory=dict)


def folder_contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Hub:
    """Serves `repositories` by name on a port of its own, in threads of this process."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.requests: list[tuple[str, str, str | None]] = []
        """(method, path, Range header) of each request."""
        self.breaks_after: int | None = None
        """Bytes of a file after which the connection breaks, and no file can be had any more."""
        self.garbles: str | None = None
        """The file that arrives with other bytes than were announced."""
        self.broken = False
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                _answer(hub, self)

            def do_HEAD(self) -> None:
                _answer(hub, self)

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def mend(self) -> None:
        self.breaks_after, self.garbles, self.broken = None, None, False
        self.requests.clear()

    def fetched(self) -> list[str]:
        """The names of the files that were asked for, in alphabetical order."""
        return sorted(
            path.partition(f"/resolve/{COMMIT}/")[2]
            for method, path, _ in self.requests
            if method == "GET" and COMMIT in path and "/resolve/" in path
        )

    def surroundings(self, cache: Path, **more: str) -> dict[str, str]:
        """The environment of a process for which this is the hub."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING", "TRANSCRIPTION_"))}
        return {
            **kept,
            "HF_ENDPOINT": self.address,
            "HF_HOME": str(cache),
            "HF_HUB_DISABLE_XET": "1",
            "NO_PROXY": "127.0.0.1",
            **more,
        }


def _answer(hub: Hub, request: BaseHTTPRequestHandler) -> None:
    path = unquote(urlsplit(request.path).path)
    hub.requests.append((request.command, path, request.headers.get("Range")))
    if path.startswith("/api/models/"):
        name = "/".join(path.split("/")[3:5])
        repository = hub.repositories.get(name)
        if repository is None:
            _say(request, 401, {"X-Error-Code": "RepoNotFound"}, b'{"error": "Repository not found"}')
        else:
            _say(request, 200, {"Content-Type": "application/json"}, json.dumps(_listing(name, repository)).encode())
        return
    name, _, file = path.lstrip("/").partition(f"/resolve/{COMMIT}/")
    repository = hub.repositories[name]
    if repository.token and request.headers.get("Authorization") != f"Bearer {repository.token}":
        _say(request, 403, {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted"}, b"")
    elif hub.broken:
        _say(request, 503, {}, b"")
    else:
        _send(hub, request, file, repository.files[file])


def _listing(name: str, repository: Repository) -> dict[str, Any]:
    siblings: list[dict[str, Any]] = []
    for file, content in repository.files.items():
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        entry: dict[str, Any] = {"rfilename": file, "size": len(content), "blobId": blob}
        if len(content) >= LARGE:
            entry["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
        siblings.append(entry)
    return {"id": name, "modelId": name, "sha": COMMIT, "siblings": siblings, "config": repository.config, "tags": []}


def _send(hub: Hub, request: BaseHTTPRequestHandler, file: str, content: bytes) -> None:
    etag = (
        hashlib.sha256(content).hexdigest()
        if len(content) >= LARGE
        else hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    )
    headers = {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
    if file == hub.garbles:
        content = bytes(byte ^ 1 for byte in content)
    status, start = 200, 0
    if asked := request.headers.get("Range"):
        status, start = 206, int(asked.removeprefix("bytes=").partition("-")[0])
        headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
    part = content[start:]
    if request.command == "GET" and hub.breaks_after is not None and len(part) > hub.breaks_after:
        hub.broken = True
        _say(request, status, headers, part, hub.breaks_after)
        request.close_connection = True
        return
    _say(request, status, headers, part)


def _say(request: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes, sent: int | None = None) -> None:
    """The response; `sent`: only so many of the bytes that its Content-Length promises."""
    request.send_response(status)
    for name, value in {**headers, "Content-Length": str(len(body))}.items():
        request.send_header(name, value)
    request.end_headers()
    if request.command == "GET":
        request.wfile.write(body[:sent])
        request.wfile.flush()
