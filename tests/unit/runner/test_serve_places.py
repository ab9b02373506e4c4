"""Places are bounded and become free whatever happens; whoever gets none is told when to come back. Keys open, guesses do not."""

import socket
from pathlib import Path

import pytest

from transcription_runner.cli import parser
from transcription_runner.engine.work import Lane
from transcription_runner.serve.keys import Keys, keys_of
from transcription_runner.serve.places import Places, seconds_to_wait
from transcription_runner.serve.refusals import Refusal
from transcription_runner.serve.serve import serve
from transcription_runner.serve.transcribing import LONG_BYTES, lane_of

KEY, OTHER = "k" * 20, "ö" * 20


def test_the_next_one_is_refused_and_told_its_position_and_when_to_come_back() -> None:
    places = Places(2)
    with places.place(), places.place(), pytest.raises(Refusal) as refused, places.place():
        raise AssertionError("a third one was taken in")
    assert (refused.value.status, refused.value.position) == (429, 3)
    assert refused.value.headers()["Retry-After"] == "10"
    assert places.taken == 0


def test_a_place_becomes_free_when_its_request_fails() -> None:
    places = Places(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), places.place():
            raise ZeroDivisionError
    assert places.taken == 0


@pytest.mark.parametrize(
    ("freed", "seconds"),
    [([], 10), ([0.0], 10), ([95.0], 60), ([90.0, 95.0, 99.0], 20), ([*range(50, 100)], 2), ([99.0] * 500, 1)],
)
def test_the_time_to_wait_follows_the_pace_of_the_last_minute(freed: list[float], seconds: int) -> None:
    assert seconds_to_wait(freed, 100.0) == seconds


def test_long_uploads_go_behind_short_ones() -> None:
    assert lane_of(LONG_BYTES - 1) is Lane.INTERACTIVE
    assert lane_of(LONG_BYTES) is Lane.BULK


@pytest.mark.parametrize("headers", [{"authorization": f"Bearer {KEY}"}, {"authorization": f"bearer  {KEY}"}, {"x-api-key": KEY}])
def test_a_key_opens_in_either_header(headers: dict[str, str]) -> None:
    Keys([OTHER, KEY]).check(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": KEY},
        {"authorization": f"Basic {KEY}"},
        {"x-api-key": KEY[:-1]},
        {"x-api-key": ""},
        {"x-api-key": "\udcff"},
    ],
)
def test_anything_else_does_not(headers: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        Keys([KEY]).check(headers)
    assert refused.value.status == 401
    assert refused.value.headers() == {"WWW-Authenticate": "Bearer"}


def test_without_keys_everybody_is_served() -> None:
    Keys().check({})


def test_keys_come_from_a_file_and_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keys").write_text(f"# of the call centre\n{KEY}\n\n", encoding="utf-8")
    monkeypatch.setenv("TRANSCRIPTION_API_KEYS", f"{OTHER}, {'z' * 16}")
    keys = keys_of(tmp_path / "keys")
    for key in (KEY, OTHER, "z" * 16):
        keys.check({"x-api-key": key})


@pytest.mark.parametrize("content", [None, "", "# none yet\n", "short\n"])
def test_a_file_that_gives_no_good_key_opens_the_service_to_nobody(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "keys").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match="key"):
        keys_of(tmp_path / "keys")


def test_an_empty_variable_is_a_mistake_and_no_open_door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSCRIPTION_API_KEYS", " ")
    with pytest.raises(ValueError, match="TRANSCRIPTION_API_KEYS"):
        keys_of(None)


@pytest.mark.parametrize(
    ("options", "said_so"),
    [
        (["--port", "99999"], "--port must be"),
        (["--places", "0"], "--places must be"),
        (["--api-keys-file", "nowhere"], "nowhere cannot be read"),
        (["--host", "192.0.2.1"], "cannot be had"),
        (["--model", "./nowhere"], "./nowhere does not exist"),
        (["--jobs-endpoint", "http://minio:9000"], "--jobs-endpoint needs --jobs-bucket"),
        (["--jobs-bucket", "speech"], "--jobs-bucket needs --jobs-endpoint"),
        (["--jobs-bucket", "S3", "--jobs-endpoint", "http://minio:9000"], "--jobs-bucket does not suit a job"),
        (
            ["--jobs-bucket", "speech", "--jobs-endpoint", "http://minio:9000", "--jobs-account", "nowhere"],
            "nowhere is no account",
        ),
    ],
)
def test_wrong_arguments_are_told_before_anything_is_loaded(
    options: list[str], said_so: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert serve(parser().parse_args(["serve", *options]), "0") == 2
    assert said_so in capsys.readouterr().err


def test_a_port_that_somebody_has_is_told_before_anything_is_loaded(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert serve(parser().parse_args(["serve", "--port", str(port)]), "0") == 2
    assert f"--port {port} cannot be had: Address already in use" in capsys.readouterr().err
