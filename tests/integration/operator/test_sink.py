"""Whatever is at the other end: an attempt comes back in time, takes little memory, and says what went wrong."""

import asyncio
import json
import resource
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.operator.sinks import KEY, SinkServer, running_sink, secret
from tests.integration.ports import free_ports
from transcription_operator.cloudevents.answer import Answer
from transcription_operator.cloudevents.event import Event
from transcription_operator.cloudevents.sink import HttpSink
from transcription_operator.settings import EventSink, LeaseName

EVENT = Event("0f8e35c1", "uid", "team/calls: Running", json.dumps({"id": "0f8e35c1", "data": {"message": "ñandú 空"}}).encode())


@pytest.fixture
def server() -> Iterator[SinkServer]:
    with running_sink() as sink:
        yield sink


def settings(url: str, folder: Path, seconds: float = 1) -> EventSink:
    return EventSink(url=url, secret_folder=str(folder), timeout_seconds=seconds, lease=LeaseName(namespace="home"))


def sent(wanted: EventSink, times: int = 1) -> list[Answer]:
    async def main() -> list[Answer]:
        async with HttpSink(wanted, "1.2.3") as sink:
            return [await sink.send(EVENT) for _ in range(times)]

    return asyncio.run(main())


def test_an_event_arrives_whole_signed_and_with_the_headers_of_the_secret(server: SinkServer, tmp_path: Path) -> None:
    folder = secret(tmp_path / "secret", headers="Authorization: Bearer sesame\nX-Team: a b\n")
    assert sent(settings(server.url, folder)) == [Answer()]
    (received,) = server.taken
    assert received.path == "/in?team=a"
    assert received.body == EVENT.body
    assert received.is_signed()
    assert received.headers["content-type"] == "application/cloudevents+json"
    assert (received.headers["authorization"], received.headers["x-team"]) == ("Bearer sesame", "a b")
    assert received.headers["user-agent"] == "transcription-operator/1.2.3"


def test_a_key_that_changes_is_used_from_the_next_attempt_on(server: SinkServer, tmp_path: Path) -> None:
    folder = secret(tmp_path / "secret")
    newer = "whsec_" + "bmV3" * 8

    async def main() -> None:
        async with HttpSink(settings(server.url, folder), "1") as sink:
            await sink.send(EVENT)
            (folder / "signingKey").write_text(f"{newer}\n{KEY}\n")
            await sink.send(EVENT)

    asyncio.run(main())
    before, after = server.taken
    assert (before.is_signed(KEY), before.is_signed(newer)) == (True, False)
    assert (after.is_signed(KEY), after.is_signed(newer)) == (True, True)


def test_redirects_are_not_followed_and_cookies_not_kept(server: SinkServer, tmp_path: Path) -> None:
    server.status, server.headers = 307, {"Location": "/elsewhere", "Set-Cookie": "a=b"}
    answers = sent(settings(server.url, secret(tmp_path / "secret")), times=2)
    assert [(answer.cause, answer.said) for answer in answers] == [("Redirected", "HTTP 307")] * 2
    assert [one.path for one in server.received] == ["/in?team=a"] * 2
    assert not any("cookie" in one.headers for one in server.received)


@pytest.mark.parametrize(("manners", "cause"), [("hangs", "Timeout"), ("drips", "Timeout")])
def test_who_does_not_answer_is_left_in_time(server: SinkServer, tmp_path: Path, manners: str, cause: str) -> None:
    server.manners = manners
    began = time.monotonic()
    (answer,) = sent(settings(server.url, secret(tmp_path / "secret"), seconds=0.5))
    assert answer.cause == cause
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("manners", ["hangs up", "says nonsense"])
def test_who_answers_nothing_that_is_http_is_unreachable_and_not_quoted(server: SinkServer, tmp_path: Path, manners: str) -> None:
    server.manners = manners
    (answer,) = sent(settings(server.url, secret(tmp_path / "secret")))
    assert answer.cause == "Unreachable"
    assert "\x00" not in answer.said
    assert len(answer.said) < 200


def test_a_body_without_end_is_not_read(server: SinkServer, tmp_path: Path) -> None:
    server.manners = "floods"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answers = sent(settings(server.url, secret(tmp_path / "secret")), times=20)
    assert answers == [Answer()] * 20
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 50_000, f"{grown} kB"


def test_nobody_there_is_said_by_the_system(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    (answer,) = sent(settings(f"http://127.0.0.1:{port}/", secret(tmp_path / "secret")))
    assert (answer.cause, "Connect" in answer.said) == ("Unreachable", True)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One for 127.0.0.1 that vouches for itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    made = ["-keyout", str(folder / "key"), "-out", str(folder / "crt"), "-addext", "subjectAltName=IP:127.0.0.1"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=sink"]
    subprocess.run(["openssl", "req", "-x509", *kind, *made], check=True, capture_output=True)
    return folder / "crt", folder / "key"


def test_a_sink_is_known_by_the_authority_in_the_secret_and_else_not_talked_to(
    certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)
    with running_sink(tls) as server:
        assert sent(settings(server.url, secret(tmp_path / "known", **{"ca.crt": certificate[0].read_text()}))) == [Answer()]
        (answer,) = sent(settings(server.url, secret(tmp_path / "unknown")))
        assert (answer.cause, "certificate" in answer.said) == ("Unreachable", True), answer.said
        assert len(server.received) == 1


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"signingKey": "sesame"}, "signingKey: key 1 does not begin with whsec_"),
        ({"headers": "Authorization sesame"}, "headers: line 1 is not `Name: value`"),
        ({"headers": "Webhook-Id: sesame"}, "headers: Webhook-Id is set by the operator"),
        ({"headers": "X: a\x00b sesame"}, "headers: line 1"),
        ({"ca.crt": "sesame"}, "ca.crt is no certificate in PEM"),
    ],
)
def test_a_secret_that_cannot_be_used_is_said_and_not_shown(
    server: SinkServer, tmp_path: Path, files: dict[str, str], said: str
) -> None:
    (answer,) = sent(settings(server.url, secret(tmp_path / "secret", **files)))
    assert answer.cause == "SecretUnusable"
    assert said in answer.said
    assert "sesame" not in answer.said
    assert server.received == []


def test_a_secret_that_comes_later_is_used_then(server: SinkServer, tmp_path: Path) -> None:
    folder = tmp_path / "secret"

    async def main() -> list[Answer]:
        async with HttpSink(settings(server.url, folder), "1") as sink:
            missing = await sink.send(EVENT)
            secret(folder)
            return [missing, await sink.send(EVENT)]

    assert asyncio.run(main()) == [Answer("SecretUnusable", "the Secret has no signingKey"), Answer()]
