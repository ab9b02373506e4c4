"""What a pod sends to the API server, and what it understands of the answer."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from transcription_api.names import ANNOTATION_REPORT
from transcription_api.report import ShardReport, read_report
from transcription_runner.batch.publish import NotReportedError, PodPublisher

REPORT = ShardReport(
    index=1, job_name="calls-1", pod_name="calls-1-1-abcde", message="空", last_update_time=datetime(2026, 11, 23, tzinfo=UTC)
)


class Server:
    """An API server that answers as it is told and remembers what it was asked."""

    def __init__(self) -> None:
        self.status, self.headers, self.body = 200, dict[str, str](), b"{}"
        self.asked: list[tuple[str, str, bytes]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_PATCH(self) -> None:
                server.asked.append((self.path, str(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(server.status)
                for name, value in {**server.headers, "Content-Length": str(len(server.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(server.body)

            def log_message(self, *_: object) -> None:
                pass

        self.http = HTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.http.shutdown()
    one.http.server_close()


@pytest.fixture
def publisher(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PodPublisher:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.http.server_port))
    (tmp_path / "token").write_text("first\n")
    one = PodPublisher("team", "calls-1-1-abcde", tmp_path)
    one._server._address = one._server._address.replace("https:", "http:")
    return one


def test_the_report_goes_to_the_pods_own_status_with_the_token_of_the_moment(
    publisher: PodPublisher, server: Server, tmp_path: Path
) -> None:
    publisher.publish(REPORT)
    (tmp_path / "token").write_text("second\n")
    publisher.publish(REPORT)
    path, headers, body = server.asked[0]
    assert path == "/api/v1/namespaces/team/pods/calls-1-1-abcde/status?fieldManager=transcription-runner"
    assert "Bearer first" in headers
    assert "merge-patch+json" in headers
    annotations = json.loads(body)["metadata"]["annotations"]
    assert read_report(annotations[ANNOTATION_REPORT]) == REPORT
    assert (list(annotations), list(json.loads(body))) == ([ANNOTATION_REPORT], ["metadata"])
    assert "Bearer second" in server.asked[1][1]


@pytest.mark.parametrize(
    ("headers", "asked_for"),
    [({"Retry-After": "7"}, 7.0), ({}, None), ({"Retry-After": "soon"}, None), ({"Retry-After": "99999"}, 600.0)],
)
def test_a_refusal_tells_the_servers_words_and_how_long_it_wants_to_be_left_alone(
    publisher: PodPublisher, server: Server, headers: dict[str, str], asked_for: float | None
) -> None:
    server.status, server.headers, server.body = 429, headers, b'{"message": "too many requests"}'
    with pytest.raises(NotReportedError, match="429: too many requests") as raised:
        publisher.publish(REPORT)
    assert raised.value.retry_after == asked_for


def test_a_machine_that_is_no_pod_has_no_publisher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(KeyError):
        PodPublisher("team", "pod", tmp_path)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "6443")
    with pytest.raises(OSError, match="token"):
        PodPublisher("team", "pod", tmp_path)
