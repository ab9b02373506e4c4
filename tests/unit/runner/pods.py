"""Pods over a local store, with an engine that needs no model."""

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.unit.runner.build import runner_config, segment, transcript
from transcription_api.ledger import LedgerEntry, Worker
from transcription_api.manifest import Manifest
from transcription_api.names import ExitCode
from transcription_api.report import ShardReport
from transcription_api.runner_config import RunnerConfig
from transcription_api.termination import TerminationMessage
from transcription_runner.batch.pod import Means, Pod
from transcription_runner.engine.work import Result, Watch, Work
from transcription_runner.errors import FileError
from transcription_runner.limits import Limits
from transcription_runner.store.folder import FolderStore

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


def last_words(tmp_path: Path) -> dict[str, str]:
    """Why the pod ended; see last_report for what it did."""
    said = TerminationMessage.model_validate_json((tmp_path / "termination-log").read_text())
    return {"reason": said.reason, "message": said.message}


def last_report(tmp_path: Path) -> ShardReport:
    """What the pod did, as its termination message says."""
    report = TerminationMessage.model_validate_json((tmp_path / "termination-log").read_text()).report
    assert report is not None
    return report


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
    there = [key for key in keys(store, "out/.ledger/") if key.endswith(".json")]
    found = [LedgerEntry.model_validate_json(store.get("calls", key)) for key in there]
    return {entry.key: entry for entry in found}


def manifest(store: FolderStore) -> Manifest:
    return Manifest.model_validate_json(store.get("calls", "out/_manifest-calls.json"))


def run_together(pods: list[Pod]) -> None:
    """Signals are the main thread's; in a test the pods' work runs in threads of its own."""
    threads = [threading.Thread(target=one._work) for one in pods]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(one._outcome is ExitCode.DONE for one in pods)


def name_of(one: Pod, key: str) -> str:
    return one._desk.ledger.name(key)
