"""One pod and several, over a local store and with an engine that needs no model: what is done, by whom, and what is left."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.runner.build import runner_config, segment, transcript
from tests.unit.runner.stores import folder_store
from transcription_api.ledger import LedgerEntry, Worker
from transcription_api.manifest import Manifest
from transcription_api.names import ExitCode
from transcription_api.runner_config import RunnerConfig
from transcription_api.status import Stage
from transcription_runner.batch.claims import claim_name
from transcription_runner.batch.pod import Means, Pod
from transcription_runner.engine.work import Result, Watch, Work
from transcription_runner.errors import ConfigurationError, FileError
from transcription_runner.limits import Limits
from transcription_runner.store.folder import FolderStore
from transcription_runner.store.port import StoreRefusedError, StoreUnavailableError

QUICK = Limits(lease_seconds=3.0, store_patience_seconds=2.0, grace_seconds=1.0)


class ReadingEngine:
    """Takes a file's content for what is said in it. A file that holds `bad` is damaged."""

    def __init__(self, done: Callable[[str], None] = lambda _: None) -> None:
        self._done = done

    def transcribe(self, works: Iterable[Work], watch: Watch) -> Iterator[Result]:
        for work in works:
            assert isinstance(work.sound, Path)
            assert work.source is not None
            content = work.sound.read_bytes()
            if content == b"bad":
                watch.opened(work, 0.0)
                yield Result(work, fault=FileError("DamagedAudio", "the file is damaged"))
                continue
            seconds = float(len(content))
            watch.opened(work, seconds)
            watch.heard(work, seconds)
            self._done(work.source.key or "")
            said = transcript(segment("hello", 0.0, seconds))
            record = said.transcription.model_copy(update={"source": work.source, "duration_seconds": seconds})
            yield Result(work, said.model_copy(update={"transcription": record}))


@pytest.fixture(autouse=True)
def _termination_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSCRIPTION_TERMINATION_LOG", str(tmp_path / "termination-log"))


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return folder_store(tmp_path / "store")


def last_words(tmp_path: Path) -> dict[str, str]:
    words: dict[str, str] = json.loads((tmp_path / "termination-log").read_text())
    return words


def pod(store: Any, shard: int = 0, engine: Any = None, config: RunnerConfig | None = None, limits: Limits = QUICK) -> Pod:
    config = config or runner_config()
    worker = Worker(job_name=config.job.job_name, shard=shard, pod_name=f"{config.job.job_name}-{shard}-abcde")
    return Pod(config, worker, Means(store, limits, lambda _: engine or ReadingEngine()))


def put(store: FolderStore, **contents: bytes) -> None:
    for name, content in contents.items():
        store.put("calls", f"in/{name}.wav", content, "")


def keys(store: FolderStore, prefix: str = "out/") -> list[str]:
    return [found.key for found in store.list("calls", prefix)]


def entries(store: FolderStore) -> dict[str, LedgerEntry]:
    found = [LedgerEntry.model_validate_json(store.get("calls", key)) for key in keys(store, "out/.ledger/")]
    return {entry.key: entry for entry in found}


def manifest(store: FolderStore) -> Manifest:
    return Manifest.model_validate_json(store.get("calls", "out/_manifest-calls.json"))


def test_every_file_gets_its_outputs_an_entry_and_a_line_in_the_manifest(store: FolderStore) -> None:
    put(store, a=b"one", b=b"two", c=b"bad")
    assert pod(store).run() is ExitCode.DONE
    outputs = {f"out/in/{name}.wav.{suffix}" for name in "ab" for suffix in ("json", "tsv", "txt", "vtt", "srt")}
    assert {key for key in keys(store) if "ledger" not in key} == outputs | {"out/_manifest-calls.json"}
    assert {key: entry.reason for key, entry in entries(store).items()} == {
        "in/a.wav": None,
        "in/b.wav": None,
        "in/c.wav": "DamagedAudio",
    }
    written = manifest(store)
    assert written.counts.wire() == {"total": 3, "succeeded": 2, "skipped": 0, "failed": 1}
    assert [file.key for file in written.files] == ["in/a.wav", "in/b.wav", "in/c.wav"]


def test_no_claim_outlives_the_run(store: FolderStore) -> None:
    put(store, a=b"one", b=b"bad")
    pod(store).run()
    assert [key for key in keys(store) if "claims" in key] == []


def test_an_empty_source_ends_well_without_loading_a_model(store: FolderStore) -> None:
    class NoModel:
        def __init__(self) -> None:
            raise AssertionError("no model is needed")

    means = Means(store, QUICK, lambda _: NoModel())  # type: ignore[arg-type,return-value]
    assert Pod(runner_config(), Worker(job_name="calls-1", shard=0, pod_name="p"), means).run() is ExitCode.DONE
    assert manifest(store).counts.total == 0


def test_a_restart_does_only_what_is_left_and_counts_what_was_done(store: FolderStore) -> None:
    put(store, a=b"one")
    pod(store).run()
    put(store, b=b"two")
    again: list[str] = []
    restarted = pod(store, engine=ReadingEngine(again.append))
    assert restarted.run() is ExitCode.DONE
    assert again == ["in/b.wav"]
    files = restarted._desk.tally.report(Stage.FINISHED, "").files
    assert (files.total, files.succeeded, files.skipped) == (2, 2, 0)


def test_another_run_skips_what_is_done_and_tries_what_failed_again(store: FolderStore) -> None:
    put(store, a=b"one", b=b"bad")
    pod(store).run()
    put(store, b=b"mended")
    job = {"namespace": "default", "name": "calls", "uid": "uid-1", "jobName": "calls-2", "runId": "2"}
    again: list[str] = []
    second = pod(store, engine=ReadingEngine(again.append), config=runner_config(job=job))
    assert second.run() is ExitCode.DONE
    assert again == ["in/b.wav"]
    assert second._desk.tally.report(Stage.FINISHED, "").files.wire() == {"total": 2, "succeeded": 1, "skipped": 1, "failed": 0}
    assert manifest(store).counts.wire() == {"total": 2, "succeeded": 1, "skipped": 1, "failed": 0}


def test_pods_share_the_files_and_none_is_done_twice(store: FolderStore) -> None:
    put(store, **{f"f{number:02}": b"x" * (1 + number % 3) for number in range(24)})
    done: Counter[str] = Counter()
    pods = [pod(store, shard, ReadingEngine(lambda key: done.update([key]))) for shard in range(3)]
    run_together(pods)
    assert set(done.values()) == {1}
    assert len(done) == 24
    assert sum(one._desk.tally.report(Stage.FINISHED, "").files.succeeded for one in pods) == 24
    assert manifest(store).counts.succeeded == 24


def run_together(pods: list[Pod]) -> None:
    """Signals are the main thread's; in a test the pods' work runs in threads of its own."""
    threads = [threading.Thread(target=one._work) for one in pods]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(one._outcome is ExitCode.DONE for one in pods)


def test_the_files_of_a_pod_that_vanished_are_done_by_another(store: FolderStore) -> None:
    put(store, a=b"one", b=b"two")
    vanished = pod(store, 1)
    assert vanished._desk.claims.acquire(_claim_name(vanished, "in/a.wav"))
    assert pod(store, 0).run() is ExitCode.DONE
    assert len(entries(store)) == 2
    assert [key for key in keys(store) if "claims" in key] == []


def _claim_name(one: Pod, key: str) -> str:
    return claim_name(one._desk.ledger.key(key))


def test_a_pod_whose_claim_was_taken_over_writes_nothing(store: FolderStore) -> None:
    put(store, a=b"one")
    one, other = pod(store, 0), pod(store, 1)
    name = _claim_name(one, "in/a.wav")

    def steal(_: str) -> None:
        body = other._desk.claims._body(0)
        assert store.put_if_absent("calls", f"out/.ledger/claims/{name}-0001.claim", body)

    slow = pod(store, 0, ReadingEngine(steal))
    thread = threading.Thread(target=slow._work)
    thread.start()
    thread.join(1.5)
    assert entries(store) == {}
    slow._stop.set()
    thread.join(10)


def test_a_lost_gpu_ends_the_pod_so_that_it_is_replaced(store: FolderStore, tmp_path: Path) -> None:
    put(store, a=b"one")

    def lose(_: str) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    assert pod(store, engine=ReadingEngine(lose)).run() is ExitCode.INTERNAL
    assert entries(store) == {}
    assert last_words(tmp_path)["reason"] == "InternalError"


def test_a_missing_model_is_final_and_told(store: FolderStore, tmp_path: Path) -> None:
    put(store, a=b"one")

    def load(_: RunnerConfig) -> Any:
        raise ConfigurationError("ModelNotFound", "the model 'x' was not found")

    one = Pod(runner_config(), Worker(job_name="calls-1", shard=0, pod_name="p"), Means(store, QUICK, load))
    assert one.run() is ExitCode.CONFIGURATION
    assert last_words(tmp_path) == {"reason": "ModelNotFound", "message": "the model 'x' was not found"}
    assert [key for key in keys(store) if "claims" in key] == []


def test_a_refused_store_is_final_and_told(store: FolderStore, tmp_path: Path) -> None:
    class Refusing(FolderStore):
        def list(self, bucket: str, prefix: str, start_after: str = "") -> Any:
            raise StoreRefusedError("StorageAccessDenied", "check accessKey and secretKey")

    assert pod(Refusing(tmp_path / "store")).run() is ExitCode.STORE_REFUSED
    assert last_words(tmp_path)["reason"] == "StorageAccessDenied"


def test_a_store_that_stays_away_ends_the_pod_for_a_retry(store: FolderStore, tmp_path: Path) -> None:
    class Away(FolderStore):
        def list(self, bucket: str, prefix: str, start_after: str = "") -> Any:
            raise StoreUnavailableError("connection refused")

    assert pod(Away(tmp_path / "store")).run() is ExitCode.STORE_UNAVAILABLE
    assert last_words(tmp_path)["reason"] == "StorageUnavailable"


def test_an_object_larger_than_the_limit_is_not_fetched(store: FolderStore) -> None:
    put(store, a=b"x" * 100, b=b"x")
    limits = Limits(lease_seconds=3.0, object_bytes=10)
    assert pod(store, limits=limits).run() is ExitCode.DONE
    assert entries(store)["in/a.wav"].reason == "TooLarge"
    assert entries(store)["in/b.wav"].reason is None


def test_a_pod_told_to_stop_keeps_what_is_done_and_gives_back_its_claims(store: FolderStore, tmp_path: Path) -> None:
    put(store, a=b"one", b=b"two", c=b"three")
    one: Pod

    def interrupt(_: str) -> None:
        one._told_to_stop(15, None)

    one = pod(store, engine=ReadingEngine(interrupt))
    assert one.run() is ExitCode.INTERRUPTED
    assert len(entries(store)) == 1
    assert [key for key in keys(store) if "claims" in key] == []
    assert last_words(tmp_path)["reason"] == "Interrupted"


def test_a_file_that_takes_longer_than_the_grace_is_abandoned(store: FolderStore) -> None:
    put(store, a=b"one")
    one: Pod
    release = threading.Event()

    def hang(_: str) -> None:
        one._told_to_stop(15, None)
        release.wait(30)

    one = pod(store, engine=ReadingEngine(hang))
    assert one.run() is ExitCode.INTERRUPTED
    release.set()
    assert entries(store) == {}
