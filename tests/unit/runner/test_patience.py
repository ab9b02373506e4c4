"""Patience with the store: an outage is waited out and told, a lasting one ends the wait, a refusal is not waited for."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.runner.stores import FlakyStore, folder_store
from transcription_runner.store.patience import PatientStore
from transcription_runner.store.port import ObjectMissingError, StoreUnavailableError, StoreUnreachableError


class Waits:
    """Remembers what a PatientStore did instead of waiting."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.heard: list[str | None] = []

    def around(self, store: FlakyStore, patience: float = 300.0, first_answer: float = float("inf")) -> PatientStore:
        return PatientStore(store, patience, self.heard.append, self.pauses.append, first_answer)


@pytest.fixture
def waits() -> Waits:
    return Waits()


def flaky(root: Path, *failing: int) -> FlakyStore:
    folder_store(root).put("calls", "a", b"content", "")
    return FlakyStore(root, fails=lambda call: call in failing)


def test_a_call_is_tried_until_it_works_and_the_wait_is_told(tmp_path: Path, waits: Waits) -> None:
    store = waits.around(flaky(tmp_path, 1, 2, 3))
    assert store.get("calls", "a") == b"content"
    assert waits.heard == ["connection refused"] * 3 + [None]
    assert waits.pauses == sorted(waits.pauses)


def test_patience_ends(tmp_path: Path, waits: Waits) -> None:
    folder_store(tmp_path).put("calls", "a", b"content", "")
    store = waits.around(FlakyStore(tmp_path, fails=lambda call: call > 1), first_answer=60.0)
    store.get("calls", "a")
    with pytest.raises(StoreUnavailableError, match="gave up after 300 s") as caught:
        store.get("calls", "a")
    assert not isinstance(caught.value, StoreUnreachableError)
    assert sum(waits.pauses) == pytest.approx(300, abs=1)
    assert None not in waits.heard, "it does not answer again"


def test_a_store_that_was_never_reached_is_given_up_earlier(tmp_path: Path, waits: Waits) -> None:
    folder_store(tmp_path)
    store = waits.around(FlakyStore(tmp_path, fails=lambda _: True), first_answer=60.0)
    with pytest.raises(StoreUnreachableError, match=r"connection refused \(never reached in 60 s: check storage\.endpoint\)"):
        store.get("calls", "a")
    assert sum(waits.pauses) == pytest.approx(60, abs=1)


@pytest.mark.parametrize("first_answer", ["a refusal of the object", "that it cannot now"])
def test_any_answer_of_a_store_shows_that_it_is_there(tmp_path: Path, waits: Waits, first_answer: str) -> None:
    class Store(FlakyStore):
        def get(self, bucket: str, key: str) -> bytes:
            self.calls += 1
            if self.calls == 1 and first_answer == "that it cannot now":
                raise StoreUnavailableError("SlowDown", reached=True)
            if self.calls == 1:
                raise ObjectMissingError(key)
            raise StoreUnavailableError("connection refused")

    folder_store(tmp_path)
    store = waits.around(Store(tmp_path, fails=lambda _: True), first_answer=60.0)
    if first_answer == "a refusal of the object":
        with pytest.raises(ObjectMissingError):
            store.get("calls", "a")
    with pytest.raises(StoreUnavailableError, match="gave up after 300 s"):
        store.get("calls", "a")


def test_an_answer_of_no_is_an_answer(tmp_path: Path, waits: Waits) -> None:
    with pytest.raises(ObjectMissingError):
        waits.around(flaky(tmp_path)).get("calls", "b")
    assert waits.pauses == []


def test_a_broken_listing_goes_on_after_the_last_key_and_doubles_none(tmp_path: Path, waits: Waits) -> None:
    inner = folder_store(tmp_path)
    keys = [f"{number:02}" for number in range(20)]
    for key in keys:
        inner.put("calls", key, b"x", "")
    store = waits.around(FlakyStore(tmp_path, fails=lambda call: call in (1, 7, 8, 20)))
    assert [found.key for found in store.list("calls", "")] == keys


def test_the_time_in_which_content_comes_is_no_waiting(tmp_path: Path, waits: Waits) -> None:
    class BreaksOnce(FlakyStore):
        def put_stream(self, bucket: str, key: str, parts: Callable[[], Iterator[bytes]], media_type: str) -> None:
            self.calls += 1
            content = b"".join(parts())
            if self.calls == 1:
                raise StoreUnavailableError("the connection broke off")
            self.put(bucket, key, content, media_type)

    def slowly() -> Iterator[bytes]:
        for number in range(6):
            time.sleep(0.1)
            yield bytes([number])

    folder_store(tmp_path)
    inner = BreaksOnce(tmp_path, fails=lambda _: False)
    waits.around(inner, patience=0.5).put_stream("calls", "long", slowly, "text/plain")
    assert (inner.calls, inner.get("calls", "long")) == (2, bytes(range(6)))
