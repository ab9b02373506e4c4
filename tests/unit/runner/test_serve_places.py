"""Places are bounded and become free whatever happens; whoever gets none is told when to come back. Keys open, guesses do not."""

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from transcription_runner.cli import parser
from transcription_runner.engine.work import Lane
from transcription_runner.serve.keys import Keys, keys_of
from transcription_runner.serve.places import Places, seconds_to_wait
from transcription_runner.serve.rates import Rate
from transcription_runner.serve.refusals import Refusal
from transcription_runner.serve.serve import serve
from transcription_runner.serve.transcribing import LONG_BYTES, lane_of

KEY, OTHER = "k" * 20, "ö" * 20


def test_the_next_one_is_refused_and_told_its_position_and_when_to_come_back() -> None:
    places = Places(2)
    with places.place("a"), places.place("a"), pytest.raises(Refusal) as refused, places.place("a"):
        raise AssertionError("a third one was taken in")
    assert (refused.value.status, refused.value.position) == (429, 3)
    assert refused.value.headers()["Retry-After"] == "10"
    assert places.taken == 0


def test_a_place_becomes_free_when_its_request_fails() -> None:
    places = Places(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), places.place("a"):
            raise ZeroDivisionError
    assert places.taken == 0


class Clients:
    """Who holds how many places; they ask for more, and give some back."""

    def __init__(self, most: int) -> None:
        self.places, self._held = Places(most), dict[str, list[ExitStack]]()

    def asks(self, name: str, times: int = 1) -> int:
        """How many places it gets."""
        return sum(self._gets(name) for _ in range(times))

    def _gets(self, name: str) -> bool:
        with ExitStack() as held:
            try:
                held.enter_context(self.places.place(name))
            except Refusal:
                return False
            self._held.setdefault(name, []).append(held.pop_all())
        return True

    def gives_back(self, name: str) -> None:
        self._held[name].pop().close()

    def of(self, name: str) -> int:
        return len(self._held.get(name, []))


def test_a_client_alone_may_have_all_places() -> None:
    clients = Clients(8)
    assert clients.asks("anna", 20) == 8


def test_others_get_in_at_once_though_one_has_all() -> None:
    clients = Clients(8)
    clients.asks("anna", 20)
    assert clients.asks("berta", 20) == 2
    assert clients.asks("carla") == 0, "a quarter more places is the end"
    assert clients.places.taken == 10


def test_what_becomes_free_goes_to_whoever_has_less_until_all_have_their_share() -> None:
    clients = Clients(8)
    clients.asks("anna", 20)
    for _ in range(6):
        clients.asks("berta", 20)
        clients.gives_back("anna")
        assert clients.asks("anna") == 0 or clients.of("anna") <= 4
    assert (clients.of("anna"), clients.of("berta")) == (4, 4)


def test_whoever_asks_for_one_place_at_a_time_always_gets_it_beside_a_flood() -> None:
    clients = Clients(8)
    for _ in range(50):
        clients.asks("flood", 20)
        assert clients.asks("anna") == 1
        clients.asks("flood", 20)
        clients.gives_back("anna")
        clients.gives_back("flood")


def test_a_client_beyond_its_share_is_told_so() -> None:
    places = Places(4)
    with ExitStack() as held:
        for name in ("anna", "anna", "anna", "berta"):
            held.enter_context(places.place(name))
        with pytest.raises(Refusal) as refused, places.place("anna"):
            pass
    assert "all 4 places are taken, 3 of them by you" in refused.value.message
    assert refused.value.position == 5


@given(some.lists(some.tuples(some.sampled_from("abcd"), some.booleans()), max_size=60), some.integers(1, 9))
def test_nobody_is_refused_for_lack_of_a_share_while_places_are_free(steps: list[tuple[str, bool]], most: int) -> None:
    clients = Clients(most)
    for name, asks in steps:
        free = most - clients.places.taken
        if asks:
            assert clients.asks(name) or free <= 0
        elif clients.of(name):
            clients.gives_back(name)
        assert clients.places.taken <= most + max(1, most // 4)
        assert clients.of(name) <= most


@pytest.mark.parametrize(
    ("freed", "seconds"),
    [([], 10), ([0.0], 10), ([95.0], 60), ([90.0, 95.0, 99.0], 20), ([*range(50, 100)], 2), ([99.0] * 500, 1)],
)
def test_the_time_to_wait_follows_the_pace_of_the_last_minute(freed: list[float], seconds: int) -> None:
    assert seconds_to_wait(freed, 100.0) == seconds


def test_so_many_requests_a_minute_are_taken_of_each_client_at_once_or_one_after_the_other() -> None:
    now = 100.0
    rate = Rate(6, lambda: now)
    for _ in range(6):
        rate.ask("anna")
    with pytest.raises(Refusal) as refused:
        rate.ask("anna")
    assert (refused.value.status, refused.value.retry_after) == (429, 10)
    rate.ask("berta")
    for _ in range(20):
        now += 10
        rate.ask("anna")
    with pytest.raises(Refusal):
        rate.ask("anna")
    now += 3600
    rate.ask("berta")
    assert set(rate._until) == {"berta"}, "nobody is remembered for long"


def test_without_a_bound_any_number_of_requests_is_taken() -> None:
    rate = Rate()
    for _ in range(1000):
        rate.ask("anna")


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
        (["--trusted-proxy", "10.0.0.0/99"], "--trusted-proxy must be"),
        (["--trusted-proxy", "*"], "--trusted-proxy must be"),
        (["--requests-per-minute", "-1"], "--requests-per-minute must be"),
        (["--cors-origin", "*"], "--cors-origin must be"),
        (["--cors-origin", "https://calls.example.com/"], "--cors-origin must be"),
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
