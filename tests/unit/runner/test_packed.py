"""A run over what is done asks its store for pages, not for files; a copy of the ledger is believed where it is confirmed."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.unit.runner.build import runner_config
from tests.unit.runner.pods import QUICK, ReadingEngine, entries, keys, last_report, manifest, pod, put
from tests.unit.runner.stores import DistantStore
from transcription_api.ledger import packed_key
from transcription_api.names import ExitCode
from transcription_runner.batch.pod import Pod
from transcription_runner.limits import Limits
from transcription_runner.store.folder import FolderStore
from transcription_runner.store.port import ObjectInfo, StoreUnavailableError

FILES = 30
PACKED = packed_key("out/", "calls", "in/")


@pytest.fixture(autouse=True)
def _small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transcription_runner.batch.packing.NEW_ENTRIES", 10)


@pytest.fixture
def done(store: FolderStore) -> FolderStore:
    """A store in which a run has done its files."""
    put(store, **{f"f{number:02}": bytes([65 + number]) for number in range(FILES)})
    assert pod(store).run() is ExitCode.DONE
    return store


def again(store: FolderStore, name: str = "2", limits: Limits = QUICK, **more: Any) -> tuple[Pod, list[str]]:
    """Another run of the job, over: its pod, and the files that it transcribed."""
    job = {"namespace": "default", "name": "calls", "uid": "uid-1", "jobName": f"calls-{name}", "runId": name}
    transcribed: list[str] = []
    one = pod(store, engine=ReadingEngine(transcribed.append), config=runner_config(job=job, **more), limits=limits)
    assert one.run() is ExitCode.DONE
    return one, transcribed


def asked_for(store: DistantStore) -> list[str]:
    """The ledger entries that were asked for one by one."""
    return [key for when, method, key in store.noted if (when, method) == ("begin", "get") and key.endswith(".json")]


def rewritten(store: FolderStore, change: Callable[[bytes], bytes]) -> None:
    store.put("calls", PACKED, change(store.get("calls", PACKED)), "text/plain")


def test_nothing_that_is_done_is_asked_for_and_the_manifest_is_whole_all_the_same(done: FolderStore, tmp_path: Path) -> None:
    first = manifest(done)
    far = DistantStore(done._root)
    _, transcribed = again(far)
    assert (transcribed, asked_for(far)) == ([], [])
    second = manifest(done)
    assert second.counts.wire() == {"total": FILES, "succeeded": 0, "skipped": FILES, "failed": 0}
    assert second.files == [file.model_copy(update={"skipped": True}) for file in first.files]
    assert last_report(tmp_path).files.wire() == second.counts.wire()


def test_only_new_and_failed_files_are_asked_for_and_done(done: FolderStore) -> None:
    put(done, new=b"new", bad=b"bad")
    assert again(done)[1] == ["in/new.wav"]
    put(done, bad=b"mended", newer=b"newer")
    far = DistantStore(done._root)
    one, transcribed = again(far, "3")
    assert sorted(transcribed) == ["in/bad.wav", "in/newer.wav"]
    ledger = one._desk.ledger
    assert set(asked_for(far)) == {ledger.key(f"in/{name}.wav") for name in ("bad", "new", "newer")}
    assert manifest(done).counts.wire() == {"total": FILES + 3, "succeeded": 2, "skipped": FILES + 1, "failed": 0}


def test_a_file_that_was_changed_is_done_again(done: FolderStore) -> None:
    put(done, f07=b"changed")
    assert again(done)[1] == ["in/f07.wav"]
    assert entries(done)["in/f07.wav"].etag == hashlib.md5(b"changed").hexdigest()
    assert manifest(done).counts.wire() == {"total": FILES, "succeeded": 1, "skipped": FILES - 1, "failed": 0}


def test_with_other_settings_all_is_done_again(done: FolderStore) -> None:
    assert len(again(done, recipe={"language": "es"})[1]) == FILES


def test_what_another_job_did_over_since_is_not_taken_for_done(done: FolderStore) -> None:
    pack = done.get("calls", PACKED)
    again(done, recipe={"language": "es"})
    done.put("calls", PACKED, pack, "text/plain")  # as if the other job had ended before it could write its own
    assert len(again(done, "3")[1]) == FILES


def test_an_entry_that_somebody_removed_has_its_file_done_again(done: FolderStore) -> None:
    name = hashlib.sha256(b"calls/in/f03.wav").hexdigest()[:32]
    done.delete("calls", f"out/.ledger/{name[:2]}/{name}.json")
    assert again(done)[1] == ["in/f03.wav"]


@pytest.mark.parametrize(
    "change",
    [
        lambda pack: pack.replace(b'"words":1', b'"words":9'),
        lambda pack: pack.replace(b"succeeded", b"succeeded "),
        lambda pack: pack[: len(pack) // 2],
        lambda pack: b"\xff" * 100,
        lambda _: b"",
        lambda pack: b"0" * 200_000 + pack,
        lambda pack: b"-" + b"0" * 31 + b" {}\n" + pack,
    ],
    ids=["other figures", "one more space", "cut off", "no text", "empty", "an endless line", "a name below zero"],
)
def test_a_pack_that_does_not_say_what_the_ledger_says_is_not_believed(
    done: FolderStore, change: Callable[[bytes], bytes]
) -> None:
    before = manifest(done).files
    rewritten(done, change)
    assert again(done)[1] == []
    assert manifest(done).files == [file.model_copy(update={"skipped": True}) for file in before]


def test_names_that_were_exchanged_in_a_pack_exchange_no_entries(done: FolderStore) -> None:
    def exchange(pack: bytes) -> bytes:
        lines = pack.splitlines(keepends=True)
        lines[0], lines[1] = lines[0][:33] + lines[1][33:], lines[1][:33] + lines[0][33:]
        return b"".join(lines)

    before = manifest(done).files
    rewritten(done, exchange)
    put(done, f00=b"changed")
    assert again(done)[1] == ["in/f00.wav"]
    assert [file.key for file in manifest(done).files] == [file.key for file in before]


def test_a_few_files_are_not_packed_and_a_few_new_ones_change_no_pack(store: FolderStore) -> None:
    put(store, **{f"f{number}": b"x" for number in range(9)})
    pod(store).run()
    assert PACKED not in keys(store)
    put(store, one_more=b"x")
    again(store)
    pack = store.get("calls", PACKED)
    put(store, another=b"x")
    again(store, "3")
    assert store.get("calls", PACKED) == pack


def test_a_pack_that_would_take_the_room_of_sound_is_neither_fetched_nor_written(done: FolderStore) -> None:
    size = len(done.get("calls", PACKED))
    done.put("calls", PACKED, done.get("calls", PACKED), "text/plain")
    far = DistantStore(done._root)
    one, _ = again(far, limits=Limits(lease_seconds=3.0, scratch_bytes=4 * size - 4))
    assert len(one._desk.packed) == 0
    assert ("begin", "fetch", PACKED) not in far.noted
    assert ("begin", "put", PACKED) not in far.noted
    assert manifest(done).counts.skipped == FILES


def test_a_ledger_that_is_mostly_that_of_other_sources_is_not_listed_to_its_end(
    done: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transcription_runner.batch.packed.LARGEST_LEDGER", 0)
    one, transcribed = again(done)
    assert (len(one._desk.packed), transcribed) == (0, [])


def test_a_pod_that_is_told_to_stop_meanwhile_takes_nothing_for_done(done: FolderStore) -> None:
    packed = pod(done)._desk.packed
    stop = Event()
    stop.set()
    packed.load(stop)
    assert len(packed) == 0


def test_a_manifest_that_has_to_be_sent_again_packs_each_entry_once(store: FolderStore) -> None:
    class BreaksOnce(FolderStore):
        broken = False

        def put_stream(self, bucket: str, key: str, parts: Callable[[], Iterator[bytes]], media_type: str) -> None:
            if not self.broken:
                self.broken = True
                for _ in zip(range(7), parts(), strict=False):
                    pass
                raise StoreUnavailableError("the connection broke off")
            super().put_stream(bucket, key, parts, media_type)

    put(store, **{f"f{number:02}": b"x" for number in range(FILES)})
    assert pod(BreaksOnce(store._root)).run() is ExitCode.DONE
    assert len(set(store.get("calls", PACKED).splitlines())) == FILES
    assert manifest(store).counts.total == FILES


def test_a_pack_that_cannot_be_written_fails_no_run(store: FolderStore) -> None:
    class NoRoom(FolderStore):
        def put_stream(self, bucket: str, key: str, parts: Callable[[], Iterator[bytes]], media_type: str) -> None:
            if key == PACKED:
                raise StoreUnavailableError("no space left")
            super().put_stream(bucket, key, parts, media_type)

    put(store, **{f"f{number:02}": b"x" for number in range(FILES)})
    limits = Limits(lease_seconds=3.0, store_patience_seconds=0.5)
    assert pod(NoRoom(store._root), limits=limits).run() is ExitCode.DONE
    assert manifest(store).counts.succeeded == FILES
    assert [key for key in keys(store) if "claims" in key] == []


@pytest.mark.parametrize("what", ["packed", "listing"])
def test_a_pack_that_the_store_does_not_give_is_done_without(done: FolderStore, what: str) -> None:
    class Damaged(FolderStore):
        def fetch(self, bucket: str, key: str, target: Path, limit: int) -> ObjectInfo:
            if key == PACKED and what == "packed":
                raise StoreUnavailableError("no quorum")
            return super().fetch(bucket, key, target, limit)

        def list(self, bucket: str, prefix: str, start_after: str = "") -> Iterator[ObjectInfo]:
            if prefix == "out/.ledger/7f/" and what == "listing":
                raise StoreUnavailableError("no quorum")
            return super().list(bucket, prefix, start_after)

    limits = Limits(lease_seconds=3.0, store_patience_seconds=0.5)
    one, transcribed = again(Damaged(done._root), limits=limits)
    assert (len(one._desk.packed), transcribed) == (0, [])
    assert one._desk.scratch._taken == {}


def test_other_objects_among_the_entries_disturb_nothing(done: FolderStore) -> None:
    for name in ("-" + "0" * 31 + ".json", "notes.txt", "ZZ" * 16 + ".json", "0" * 32):
        done.put("calls", f"out/.ledger/00/{name}", b"x", "text/plain")
    one, _ = again(done)
    assert len(one._desk.packed) == FILES


def test_where_etags_are_no_md5_every_entry_is_asked_for(done: FolderStore) -> None:
    class Encrypts(FolderStore):
        def list(self, bucket: str, prefix: str, start_after: str = "") -> Iterator[ObjectInfo]:
            for found in super().list(bucket, prefix, start_after):
                yield ObjectInfo(found.key, found.size, f"{found.etag[:30]}-1" if "/.ledger/" in found.key else found.etag)

    one, transcribed = again(Encrypts(done._root))
    assert (len(one._desk.packed), transcribed) == (0, [])
    assert manifest(done).counts.skipped == FILES
