"""One pod and several, over a local store and with an engine that needs no model: what is done, by whom, and what is left."""

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.unit.runner.build import runner_config
from tests.unit.runner.pods import (
    QUICK,
    ReadingEngine,
    entries,
    keys,
    last_report,
    last_words,
    manifest,
    name_of,
    pod,
    put,
    run_together,
)
from transcription_api.ledger import Worker
from transcription_api.names import ExitCode
from transcription_api.runner_config import RunnerConfig
from transcription_api.status import Ignored, Stage
from transcription_runner.batch.pod import Means, Pod
from transcription_runner.errors import ConfigurationError
from transcription_runner.limits import Limits
from transcription_runner.store.folder import FolderStore
from transcription_runner.store.port import StoreRefusedError, StoreUnavailableError


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


def test_what_was_done_stands_in_the_last_words_whether_or_not_anybody_could_be_told_before(
    store: FolderStore, tmp_path: Path
) -> None:
    put(store, a=b"one", b=b"two", c=b"bad")
    assert pod(store).run() is ExitCode.DONE
    assert last_words(tmp_path) == {"reason": "Finished", "message": ""}
    report = last_report(tmp_path)
    assert (report.stage, report.pod_name) == (Stage.FINISHED, "calls-1-0-abcde")
    assert report.files.wire() == {"total": 3, "succeeded": 2, "skipped": 0, "failed": 1}
    assert [(failure.key, failure.reason) for failure in report.failures] == [("in/c.wav", "DamagedAudio")]
    assert (report.languages, report.audio_seconds.processed) == ({"en": 2}, 6)
    assert report.run is not None
    assert (report.run.files, report.run.languages, report.run.processed_seconds) == (report.files, {"en": 2}, 6)


def test_the_pod_that_writes_the_manifest_counts_what_others_did_in_this_run(store: FolderStore, tmp_path: Path) -> None:
    put(store, a=b"one", b=b"two")
    assert pod(store, 1).run() is ExitCode.DONE
    put(store, c=b"three")
    assert pod(store, 0).run() is ExitCode.DONE
    report = last_report(tmp_path)
    assert (report.files.succeeded, report.languages) == (1, {"en": 1})
    assert report.run is not None
    assert (report.run.files.succeeded, report.run.languages, report.run.processed_seconds) == (3, {"en": 3}, 11)


def test_a_pod_that_is_told_to_stop_says_what_it_did_and_no_more(store: FolderStore, tmp_path: Path) -> None:
    put(store, a=b"one", b=b"two", c=b"three")
    one: Pod

    def interrupt(_: str) -> None:
        one._told_to_stop(15, None)

    one = pod(store, engine=ReadingEngine(interrupt))
    assert one.run() is ExitCode.INTERRUPTED
    report = last_report(tmp_path)
    assert (report.stage, report.files.succeeded) == (Stage.INTERRUPTED, 1)
    done = [entry.audio_seconds for entry in entries(store).values()]
    assert report.audio_seconds.processed == sum(done)


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


def test_the_files_of_a_pod_that_vanished_are_done_by_another(store: FolderStore) -> None:
    put(store, a=b"one", b=b"two")
    vanished = pod(store, 1)
    assert vanished._desk.claims.acquire(name_of(vanished, "in/a.wav"))
    assert pod(store, 0).run() is ExitCode.DONE
    assert len(entries(store)) == 2
    assert [key for key in keys(store) if "claims" in key] == []


def test_a_pod_whose_claim_was_taken_over_writes_nothing(store: FolderStore) -> None:
    put(store, a=b"one")
    one, other = pod(store, 0), pod(store, 1)
    name = name_of(one, "in/a.wav")

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


@pytest.mark.parametrize(("listings", "reason"), [(0, "StorageUnreachable"), (2, "StorageUnavailable")])
def test_a_store_that_stays_away_ends_the_pod_for_a_retry(store: FolderStore, tmp_path: Path, listings: int, reason: str) -> None:
    class Away(FolderStore):
        calls = 0

        def list(self, bucket: str, prefix: str, start_after: str = "") -> Any:
            Away.calls += 1
            if Away.calls > listings:
                raise StoreUnavailableError("connection refused")
            yield from ()

    put(store, a=b"one")
    limits = Limits(lease_seconds=3.0, store_patience_seconds=1.0, first_answer_seconds=0.5)
    assert pod(Away(tmp_path / "store"), limits=limits).run() is ExitCode.STORE_UNAVAILABLE
    assert last_words(tmp_path)["reason"] == reason


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


def test_a_source_without_audio_is_done_and_what_was_passed_over_is_reported(store: FolderStore) -> None:
    for key in ("in/readme.txt", "in/notes.md"):
        store.put("calls", key, b"text", "")
    one = pod(store)
    assert one.run() is ExitCode.DONE
    report = one._desk.tally.report(Stage.FINISHED, "")
    assert (report.files.total, report.ignored) == (0, Ignored(suffix=2))


def test_an_estimate_counts_what_is_to_do_loads_no_model_and_writes_nothing(store: FolderStore, tmp_path: Path) -> None:
    put(store, a=b"1", b=b"22", c=b"bad", note=b"")
    store.put("calls", "in/readme.md", b"text", "")
    before = keys(store, "")
    config = runner_config(estimateOnly=True)

    def no_model(_: RunnerConfig) -> Any:
        raise AssertionError("an estimate needs no model")

    worker = Worker(job_name=config.job.job_name, shard=0, pod_name="calls-1-0-abcde")
    assert Pod(config, worker, Means(store, QUICK, no_model)).run() is ExitCode.DONE
    report = last_report(tmp_path)
    assert (report.stage, report.files.wire()) == (Stage.FINISHED, {"total": 4, "succeeded": 0, "skipped": 0, "failed": 0})
    assert report.survey is not None
    assert (report.survey.complete, report.survey.bytes, report.survey.error) == (True, 6, 1.0)
    assert report.ignored == Ignored(suffix=1)
    assert keys(store, "") == before


def test_an_estimate_leaves_out_what_is_done_and_learns_from_it(store: FolderStore, tmp_path: Path) -> None:
    put(store, a=b"1", b=b"22", c=b"bad")
    assert pod(store).run() is ExitCode.DONE
    put(store, d=b"4444")
    before = {key: store.get("calls", key) for key in keys(store, "")}
    job = {"namespace": "default", "name": "estimate", "uid": "uid-2", "jobName": "estimate-1", "parallelism": 1}
    assert pod(store, config=runner_config(estimateOnly=True, job=job)).run() is ExitCode.DONE
    report = last_report(tmp_path)
    assert report.files.wire() == {"total": 4, "succeeded": 0, "skipped": 2, "failed": 0}, "what failed is tried again"
    assert report.survey is not None
    assert (report.survey.bytes, report.survey.done_bytes) == (10, 3)
    assert report.audio_seconds.total == 7, "a second a byte, as the done files have"
    assert {key: store.get("calls", key) for key in keys(store, "")} == before


def test_an_estimate_of_a_fresh_source_asks_for_no_entry_of_the_ledger(store: FolderStore) -> None:
    class Counting:
        """A store that counts what is read."""

        def __init__(self) -> None:
            self.read: list[str] = []

        def get(self, bucket: str, key: str) -> bytes:
            self.read.append(key)
            return store.get(bucket, key)

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

    put(store, a=b"1", b=b"22")
    counting = Counting()
    assert pod(counting, config=runner_config(estimateOnly=True)).run() is ExitCode.DONE
    assert counting.read == []
