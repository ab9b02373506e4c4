"""Many objects below one prefix of a real store: what an earlier run did costs the next one pages, not a request each."""

import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.runner.buckets import Bucket
from tests.integration.runner.crowded import filled, key, ledger_written
from tests.integration.runner.pods import configuration
from tests.integration.runner.servers import Account
from transcription_api.ledger import Worker
from transcription_api.names import ExitCode
from transcription_api.runner_config import RunnerConfig
from transcription_runner.batch.pod import Means, Pod
from transcription_runner.batch.shard import SpeechEngine
from transcription_runner.limits import Limits
from transcription_runner.store.s3 import S3Store

OBJECTS = 1_200
"""More than a page of a listing, and enough to be packed."""


class CountedStore(S3Store):
    """Counts the requests for single objects, by method."""

    def __init__(self, account: Account) -> None:
        super().__init__(account.endpoint, account.access_key, account.secret_key)
        self.calls: Counter[str] = Counter()

    def get(self, bucket: str, key: str) -> bytes:
        self.calls["get"] += 1
        return super().get(bucket, key)

    def put_if_absent(self, bucket: str, key: str, content: bytes) -> bool:
        self.calls["put_if_absent"] += 1
        return super().put_if_absent(bucket, key, content)


def no_engine(_: RunnerConfig) -> SpeechEngine:
    raise AssertionError("there is nothing to transcribe")


def run(config: dict[str, Any], store: CountedStore) -> Pod:
    worker = Worker(job_name=config["job"]["jobName"], shard=0, pod_name="calls-1-0-abcde")
    pod = Pod(RunnerConfig.model_validate(config), worker, Means(store, Limits(), no_engine))
    assert pod.run() is ExitCode.DONE
    return pod


@pytest.fixture(scope="module")
def crowded(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    """A bucket with objects that an earlier run did, all of them."""
    bucket = Bucket(account.endpoint, account.access_key, account.secret_key, f"runner-{uuid.uuid4().hex[:12]}")
    bucket.make()
    filled(bucket, OBJECTS)
    ledger_written(bucket, account, configuration(bucket), OBJECTS, tmp_path_factory.mktemp("packing"))
    yield bucket
    bucket.remove()


@pytest.fixture(autouse=True)
def _termination_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSCRIPTION_TERMINATION_LOG", str(tmp_path / "termination-log"))


def test_a_run_over_many_done_files_asks_for_none_of_them(crowded: Bucket, account: Account) -> None:
    store = CountedStore(account)
    pod = run(configuration(crowded), store)
    assert store.calls == Counter(put_if_absent=1), "the manifest's claim"
    manifest = crowded.manifest()
    assert manifest.counts.wire() == {"total": OBJECTS, "succeeded": 0, "skipped": OBJECTS, "failed": 0}
    assert [file.key for file in manifest.files] == [key(number) for number in range(OBJECTS)]
    assert len(pod._desk.packed) == OBJECTS


def test_an_entry_that_is_not_as_it_was_is_asked_for_alone(crowded: Bucket, account: Account) -> None:
    doubted = next(one for one in crowded.keys("out/.ledger/") if one.endswith(".json"))
    crowded.put(doubted, crowded.get(doubted) + b"\n")
    store = CountedStore(account)
    run(configuration(crowded), store)
    assert store.calls["get"] == 2, "by the walk and for the manifest"
    assert crowded.manifest().counts.skipped == OBJECTS
