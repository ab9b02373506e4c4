"""One object that the store does not give keeps nobody waiting: its file is put off, tried again, and at last given up."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.runner.pods import ReadingEngine, entries, keys, last_words, manifest, pod, put, run_together
from transcription_api.ledger import Outcome
from transcription_api.names import ExitCode
from transcription_api.status import Stage
from transcription_runner.batch.assignment import pace_within
from transcription_runner.batch.put_off import IDLE_PAUSE_SECONDS, PAUSES_SECONDS, PutOff
from transcription_runner.batch.sources import SourceFile
from transcription_runner.limits import Limits
from transcription_runner.store.folder import FolderStore
from transcription_runner.store.port import ObjectInfo, StoreUnavailableError

GONE = StoreUnavailableError("http://minio:9000 answers SlowDownRead")
A, B = SourceFile("a.wav", 1, "1"), SourceFile("b.wav", 1, "1")


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_file_waits_longer_each_time() -> None:
    clock = Clock()
    put_off = PutOff(now=clock)
    for pause in PAUSES_SECONDS:
        assert put_off.failed(A, GONE) is None
        clock.seconds += pause - 0.1
        assert put_off.due() == []
        assert put_off.waits(A)
        clock.seconds += 0.2
        assert put_off.due() == [A]
        assert put_off.due() == [], "it is given out once"
        assert not put_off


def test_after_the_last_try_it_ends_with_a_fault_that_says_how_often_and_why() -> None:
    clock = Clock()
    put_off = PutOff((10.0, 30.0), now=clock)
    assert [put_off.failed(A, GONE), put_off.failed(A, GONE)] == [None, None]
    clock.seconds = 42.0
    fault = put_off.failed(A, GONE)
    assert fault is not None
    assert fault.reason == "ObjectUnavailable"
    assert "in 3 tries over 42 s; at last: http://minio:9000 answers SlowDownRead" in fault.message
    assert put_off.failed(A, GONE) is None, "nothing of it is remembered"


def test_while_there_is_nothing_else_to_do_no_pause_is_long() -> None:
    clock = Clock()
    put_off = PutOff((10.0, 90.0), now=clock)
    put_off.failed(A, GONE)
    put_off.failed(A, GONE)
    clock.seconds = IDLE_PAUSE_SECONDS
    assert put_off.due() == []
    assert put_off.due(idle=True) == [A]


def test_a_file_that_could_be_read_begins_anew() -> None:
    put_off = PutOff((10.0,))
    put_off.failed(A, GONE)
    put_off.settled(A)
    assert not put_off
    assert put_off.failed(A, GONE) is None


def test_there_is_room_for_a_few_files_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transcription_runner.batch.put_off.MOST_PUT_OFF", 1)
    put_off = PutOff()
    assert put_off.has_room(A)
    put_off.failed(A, GONE)
    assert put_off.has_room(A)
    assert not put_off.has_room(B)


# --- pods ---------------------------------------------------------------------------------------------------------------

LIMITS = Limits(lease_seconds=3.0, store_patience_seconds=0.5, grace_seconds=1.0)


class Stubborn(FolderStore):
    """Does not give the objects that `refuses` picks, by key and by the number of the fetch of that key, from 1."""

    def __init__(self, inner: FolderStore, refuses: Callable[[str, int], bool]) -> None:
        super().__init__(inner._root)
        self._refuses = refuses
        self.fetched: Counter[str] = Counter()
        self.order: list[str] = []

    def fetch(self, bucket: str, key: str, target: Path, limit: int) -> ObjectInfo:
        self.fetched[key] += 1
        self.order.append(key)
        if self._refuses(key, self.fetched[key]):
            target.write_bytes(b"half of")
            raise StoreUnavailableError("the connection broke off", reached=True)
        return super().fetch(bucket, key, target, limit)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tries within a fetch, three fetches."""
    monkeypatch.setattr("transcription_runner.store.patience.FIRST_PAUSE_SECONDS", 0.01)
    with_pauses(monkeypatch, 0.1, 0.2)


def with_pauses(monkeypatch: pytest.MonkeyPatch, *seconds: float) -> None:
    monkeypatch.setattr(
        "transcription_runner.batch.pod.pace_within",
        lambda limits: replace(pace_within(limits), fetch_seconds=0.01, retry_pauses=seconds, poll_seconds=0.02),
    )


def test_an_object_that_comes_at_a_later_try_is_no_failure(store: FolderStore) -> None:
    put(store, a=b"hello", b=b"x", c=b"x")
    stubborn = Stubborn(store, lambda key, number: key == "in/a.wav" and number <= 3)
    one = pod(stubborn, limits=LIMITS)
    assert one.run() is ExitCode.DONE
    assert manifest(store).counts.wire() == {"total": 3, "succeeded": 3, "skipped": 0, "failed": 0}
    assert entries(store)["in/a.wav"].audio_seconds == len(b"hello")
    assert one._desk.tally.report(Stage.FINISHED, "").files.total == 3, "a file that is tried again is no other file"
    assert [key for key in keys(store) if "claims" in key] == []


def test_an_object_that_never_comes_fails_alone(store: FolderStore, tmp_path: Path) -> None:
    put(store, a=b"x", b=b"x", c=b"x")
    assert pod(Stubborn(store, lambda key, _: key == "in/a.wav"), limits=LIMITS).run() is ExitCode.DONE
    entry = entries(store)["in/a.wav"]
    assert (entry.outcome, entry.reason) == (Outcome.FAILED, "ObjectUnavailable")
    assert "in 3 tries" in (entry.message or "")
    assert "the connection broke off" in (entry.message or "")
    assert manifest(store).counts.wire() == {"total": 3, "succeeded": 2, "skipped": 0, "failed": 1}
    assert last_words(tmp_path)["reason"] == "Finished"


def test_more_bad_objects_than_threads_keep_no_other_file_waiting(store: FolderStore) -> None:
    bad = {f"a{number:02}": b"x" for number in range(12)}
    good = {f"b{number:02}": b"x" for number in range(12)}
    put(store, **bad, **good)
    done: list[int] = []
    stubborn = Stubborn(store, lambda key, _: "/a" in key)
    one = pod(stubborn, limits=LIMITS, engine=ReadingEngine(lambda _: done.append(len(stubborn.order))))
    assert one.run() is ExitCode.DONE
    assert len(done) == 12
    assert done[-1] < len(stubborn.order) - 12, "all good files were done before the bad ones had their last tries"
    assert manifest(store).counts.failed == 12


def test_damaged_sound_is_never_fetched_again(store: FolderStore) -> None:
    put(store, a=b"bad", b=b"x")
    stubborn = Stubborn(store, lambda *_: False)
    assert pod(stubborn, limits=LIMITS).run() is ExitCode.DONE
    assert stubborn.fetched == {"in/a.wav": 1, "in/b.wav": 1}
    assert entries(store)["in/a.wav"].reason == "DamagedAudio"


def test_what_one_pod_cannot_read_another_can(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    with_pauses(monkeypatch, *[0.5] * 40)
    put(store, **{f"f{number}": b"x" for number in range(6)})
    cut_off = pod(Stubborn(store, lambda key, _: key == "in/f0.wav"), 0, limits=LIMITS)
    well = pod(Stubborn(store, lambda *_: False), 1, limits=LIMITS)
    run_together([cut_off, well])
    assert {entry.outcome for entry in entries(store).values()} == {Outcome.SUCCEEDED}
    assert sum(one._desk.tally.report(Stage.FINISHED, "").files.failed for one in (cut_off, well)) == 0


def test_a_store_that_gives_no_object_at_all_is_the_stores_fault(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transcription_runner.batch.put_off.MOST_PUT_OFF", 3)
    put(store, **{f"f{number}": b"x" for number in range(20)})
    assert pod(Stubborn(store, lambda *_: True), limits=LIMITS).run() is ExitCode.STORE_UNAVAILABLE
    assert last_words(tmp_path)["reason"] == "StorageUnavailable"
    assert entries(store) == {}
