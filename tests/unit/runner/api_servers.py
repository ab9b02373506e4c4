"""An API server as far as the service asks one: it holds TranscriptionJobs of one namespace, and refuses as a test wants it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from transcription_runner.apiserver import ApiServer
from transcription_runner.serve.jobs.cluster import Cluster

NAMESPACE = "team"
KIND = "transcriptionjobs.transcription.whisperx.dev"
FORBIDDEN = f'{KIND} is forbidden: User "system:serviceaccount:team:speech" cannot create resource "transcriptionjobs"'
DENIED = f"{KIND} is forbidden: ValidatingAdmissionPolicy 'jobs' with binding 'jobs' denied request: spec.model.name evil/x"
QUOTA = f"{KIND} is forbidden: exceeded quota: jobs, requested: count/{KIND}=1, used: count/{KIND}=5, limited: count/{KIND}=5"


def status(code: int, message: str, reason: str = "", **details: str) -> tuple[int, bytes]:
    """A refusal in the API server's form."""
    said = {"kind": "Status", "status": "Failure", "message": message, "reason": reason, "details": details, "code": code}
    return code, json.dumps(said).encode()


class ApiServerStandIn:
    """One server, on a port of its own."""

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.refusals: dict[str, tuple[int, bytes]] = {}
        """Verb (create, get, list, watch, delete) -> what is answered."""
        self.late: bool = False
        """Whether what is refused is done all the same."""
        self.open = Event()
        """Until it is set no answer comes."""
        self.open.set()
        self.asked: list[str] = []
        """Method and path of each request."""
        self._moved, self._version = Condition(), 0
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                code, answer = stand_in.answer(self.command, self.path, body)
                self.send_response(code)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_DELETE = handle_any  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._http.serve_forever, daemon=True).start()

    def cluster(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
        """What a service of that namespace asks."""
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(self._http.server_port))
        (folder / "token").write_text("token")
        server = ApiServer(folder)
        server._address = server._address.replace("https:", "http:")
        return Cluster(server, NAMESPACE)

    def close(self) -> None:
        """No answer comes any more."""
        self._http.shutdown()
        self._http.server_close()

    def becomes(self, name: str, **fields: Any) -> None:
        """The operator writes the job's status."""
        with self._moved:
            self.jobs[name]["status"] = fields
            self._touch(name)

    def goes(self, name: str) -> None:
        """The job is deleted."""
        with self._moved:
            del self.jobs[name]
            self._moved.notify_all()

    def watched(self) -> bool:
        """Whether anybody has begun to watch."""
        return any("watch=true" in path for path in self.asked)

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """HTTP status and body."""
        self.asked.append(f"{method} {path}")
        self.open.wait(20)
        query = parse_qs(urlsplit(path).query)
        name = urlsplit(path).path.partition("/transcriptionjobs")[2].strip("/")
        verb = {"POST": "create", "DELETE": "delete"}.get(method) or ("watch" if "watch" in query else "get" if name else "list")
        refusal = self.refusals.get(verb)
        if refusal and not self.late:
            return refusal
        done = self._done(verb, name, query, body)
        return refusal or done

    def _done(self, verb: str, name: str, query: dict[str, list[str]], body: bytes) -> tuple[int, bytes]:
        if verb == "create":
            return self._create(json.loads(body))
        if verb == "watch":
            return self._watch(query["fieldSelector"][0].partition("=")[2], query["resourceVersion"][0])
        if verb == "list":
            return 200, json.dumps({"items": [*self.jobs.values()], "metadata": {}}).encode()
        if name not in self.jobs:
            return status(404, f'{KIND} "{name}" not found', "NotFound", name=name)
        if verb == "delete":
            self.goes(name)
            return 200, b"{}"
        return 200, json.dumps(self.jobs[name]).encode()

    def _create(self, job: dict[str, Any]) -> tuple[int, bytes]:
        name = job["metadata"]["name"]
        with self._moved:
            number = len(self.jobs)
            job["metadata"] |= {"uid": f"uid-{number}", "creationTimestamp": f"2026-12-01T00:00:{number:02}Z"}
            self.jobs[name] = job
            self._touch(name)
        return 201, json.dumps(job).encode()

    def _watch(self, name: str, version: str) -> tuple[int, bytes]:
        with self._moved:
            here = self._moved.wait_for(lambda: self.jobs.get(name, {}).get("metadata", {}).get("resourceVersion") != version, 5)
        return 200, b'{"type": "MODIFIED"}\n' if here else b""

    def _touch(self, name: str) -> None:
        self._version += 1
        self.jobs[name]["metadata"]["resourceVersion"] = str(self._version)
        self._moved.notify_all()


@contextmanager
def api_server() -> Iterator[ApiServerStandIn]:
    """One that goes away at the end."""
    one = ApiServerStandIn()
    try:
        yield one
    finally:
        one.close()
