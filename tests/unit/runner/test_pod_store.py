"""What a pod asks of its store: many things at once, in an order in which nothing is lost, and no more than its share."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from tests.unit.runner.build import runner_config
from tests.unit.runner.pods import QUICK, ReadingEngine, entries, keys, manifest, name_of, pod, put, run_together
from tests.unit.runner.stores import DistantStore
from transcription_api.ledger import Worker
from transcription_api.names import ExitCode
from transcription_api.runner_config import RunnerConfig
from transcription_api.status import Stage
from transcription_runner.batch.assignment import files_of
from transcription_runner.batch.pod import Means, Pod
from transcription_runner.batch.sources import SourceFile
from transcription_runner.limits import Limits
from transcription_runner.store.folder import FolderStore


def distant(store: FolderStore, round_trip_seconds: float = 0.0) -> DistantStore:
    return DistantStore(store._root, round_trip_seconds)


def most_at_once(store: DistantStore, method: str, suffix: str) -> int:
    """How many such calls were on their way at the same time."""
    notes = [when for when, name, key in store.noted if name == method and key.endswith(suffix)]
    return max(accumulate(1 if when == "begin" else -1 for when in notes))


def test_round_trips_of_many_files_overlap(store: FolderStore) -> None:
    put(store, **{f"f{number:02}": b"x" for number in range(40)})
    far = distant(store, 0.02)
    began = time.monotonic()
    assert pod(far).run() is ExitCode.DONE
    elapsed = time.monotonic() - began
    calls = sum(when == "begin" for when, _, _ in far.noted)
    assert calls > 40 * 12
    assert most_at_once(far, "fetch", ".wav") >= 4
    assert most_at_once(far, "put", ".wav.json") >= 4
    assert elapsed < calls * 0.02 / 2
    assert manifest(store).counts.succeeded == 40


def test_the_ledger_entry_comes_after_all_outputs_and_the_claim_is_looked_at_before_and_given_back_after(
    store: FolderStore,
) -> None:
    put(store, **{name: name.encode() for name in "abcdefgh"})
    far = distant(store, 0.02)
    one = pod(far)
    assert one.run() is ExitCode.DONE
    for name in "abcdefgh":
        source, claim = f"in/{name}.wav", name_of(one, f"in/{name}.wav")
        at = {note: index for index, note in enumerate(far.noted)}
        claimed = at["end", "put_if_absent", f"out/.ledger/claims/{claim}-0000.claim"]
        looked = at["end", "list", f"out/.ledger/claims/{claim}-"]
        outputs = [f"out/{source}.{suffix}" for suffix in ("json", "tsv", "txt", "vtt", "srt")]
        began, ended = (sorted(at[when, "put", key] for key in outputs) for when in ("begin", "end"))
        entered = (at["begin", "put", one._desk.ledger.key(source)], at["end", "put", one._desk.ledger.key(source)])
        released = at["begin", "delete", f"out/.ledger/claims/{claim}-0000.claim"]
        assert claimed < at["begin", "fetch", source] < looked < began[0]
        assert began[1] < ended[0], "the outputs of a file go side by side"
        assert ended[-1] < entered[0]
        assert entered[1] < released


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_timing_each_file_is_written_once(store: FolderStore, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"f{number:02}" for number in range(30)]
    put(store, **dict.fromkeys(names, b"x"))
    chance = random.Random(seed)
    far = distant(store)
    monkeypatch.setattr("tests.unit.runner.stores.time.sleep", lambda _, sleep=time.sleep: sleep(chance.random() / 200))
    pods = [pod(far, shard) for shard in range(1 + seed % 3)]
    run_together(pods)
    written = Counter(key for when, method, key in far.noted if (when, method) == ("end", "put"))
    outputs = {key: times for key, times in written.items() if key.endswith(".wav.json")}
    assert outputs == {f"out/in/{name}.wav.json": 1 for name in names}
    assert {written[pods[0]._desk.ledger.key(f"in/{name}.wav")] for name in names} == {1}
    assert sum(one._desk.tally.report(Stage.FINISHED, "").files.succeeded for one in pods) == 30
    assert [key for key in keys(store) if "claims" in key] == []


def test_a_pod_that_loads_its_model_leaves_files_to_others(store: FolderStore) -> None:
    put(store, **{f"f{number:02}": b"x" for number in range(20)})
    claimed: list[int] = []

    def load(_: RunnerConfig) -> ReadingEngine:
        time.sleep(0.2)
        claimed.append(len([key for key in keys(store) if "claims" in key]))
        return ReadingEngine()

    one = Pod(runner_config(), Worker(job_name="calls-1", shard=0, pod_name="p"), Means(store, QUICK, load))
    assert one.run() is ExitCode.DONE
    assert claimed[0] <= 4
    assert len(entries(store)) == 20


def test_what_is_fetched_ahead_is_given_back_on_stop(store: FolderStore) -> None:
    put(store, **{f"f{number:02}": b"x" for number in range(40)})
    one: Pod
    done: list[str] = []

    def interrupt(key: str) -> None:
        done.append(key)
        if len(done) == 10:
            time.sleep(0.1)  # files are fetched meanwhile
            one._told_to_stop(15, None)

    one = pod(store, engine=ReadingEngine(interrupt))
    assert one.run() is ExitCode.INTERRUPTED
    assert set(entries(store)) == set(done)
    assert len(done) == 10
    assert [key for key in keys(store) if "claims" in key] == []


def test_fetched_files_never_take_more_than_the_scratch_budget(store: FolderStore, tmp_path: Path) -> None:
    put(store, **{f"f{number:02}": b"x" * 40 for number in range(12)})
    most: list[int] = []

    def look(_: str) -> None:
        time.sleep(0.005)
        most.append(sum(one._desk.scratch._taken.values()))

    limits = Limits(lease_seconds=3.0, scratch_bytes=100)
    one = pod(store, engine=ReadingEngine(look), limits=limits)
    assert one.run() is ExitCode.DONE
    assert max(most) <= 100
    assert len(entries(store)) == 12


def test_a_second_walk_over_a_source_too_large_to_remember_does_nothing_twice(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transcription_runner.batch.feeder.MOST_REMEMBERED", 0)
    put(store, **{f"f{number:02}": b"x" for number in range(12)})
    vanished = pod(store, 1)
    assert vanished._desk.claims.acquire(name_of(vanished, "in/f00.wav"))
    done: list[str] = []

    def slowly(key: str) -> None:
        time.sleep(0.02)
        done.append(key)
        if len(done) == 8:
            vanished._desk.claims.release_all()

    one = pod(store, engine=ReadingEngine(slowly))
    assert one.run() is ExitCode.DONE
    assert Counter(done) == Counter(f"in/f{number:02}.wav" for number in range(12))
    assert one._desk.tally.report(Stage.FINISHED, "").files.succeeded == 12


def test_of_files_that_others_hold_few_are_remembered_and_none_is_walked_over_twice(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transcription_runner.batch.feeder.LOOKED_AT_AGAIN", 4)
    monkeypatch.setattr("transcription_runner.batch.feeder.MOST_REMEMBERED", 30)
    put(store, **{f"f{number:03}": b"x" for number in range(150)})
    pods = [pod(distant(store, 0.001), shard, ReadingEngine(lambda _: time.sleep(0.001))) for shard in range(2)]
    walks: list[str] = []

    def walked(*arguments: Any) -> Iterator[SourceFile]:
        walks.append("walk")
        return files_of(*arguments)

    monkeypatch.setattr("transcription_runner.batch.feeder.files_of", walked)
    run_together(pods)
    assert len(walks) == 2, "one of each pod"
    assert all(len(one._desk.claims._watch) <= 1 for one in pods), "but for the manifest's, no claim on what is done is watched"
    assert sum(one._desk.tally.report(Stage.FINISHED, "").files.succeeded for one in pods) == len(entries(store)) == 150


def test_two_pods_seldom_try_to_claim_the_same_file(store: FolderStore) -> None:
    put(store, **{f"f{number:03}": b"x" for number in range(100)})
    config = runner_config(job={"namespace": "d", "name": "calls", "uid": "u", "jobName": "calls-1", "parallelism": 2})
    far = distant(store, 0.001)
    pods = [pod(far, shard, ReadingEngine(lambda _: time.sleep(0.002)), config) for shard in range(2)]
    run_together(pods)
    tries = Counter(key for when, method, key in far.noted if (when, method) == ("begin", "put_if_absent") and "claims" in key)
    assert sum(tries.values()) - len(tries) < 65, "each lost claim is one more try"
    assert len(entries(store)) == 100
