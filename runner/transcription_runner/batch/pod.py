"""A pod's life: it works in a thread of its own, heeds signals, and leaves in bounded time with its last words said."""

import hashlib
import logging
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event, Thread
from types import FrameType

from transcription_api.ledger import Worker, manifest_key
from transcription_api.names import ExitCode
from transcription_api.report import ShardReport
from transcription_api.runner_config import RunnerConfig
from transcription_api.status import Stage
from transcription_runner.batch.assignment import assignment_of, desk_for, files_of, pace_within
from transcription_runner.batch.estimate import look_through
from transcription_runner.batch.exit import run_error
from transcription_runner.batch.heartbeat import heartbeat
from transcription_runner.batch.ledger import Written
from transcription_runner.batch.manifest import ManifestStream
from transcription_runner.batch.packing import Packing
from transcription_runner.batch.publish import PodPublisher
from transcription_runner.batch.reporter import Reporter
from transcription_runner.batch.reporting_pace import ReportingPace, pods_known
from transcription_runner.batch.scratch import Scratch
from transcription_runner.batch.shard import Shard, SpeechEngine
from transcription_runner.batch.sources import SourceFile
from transcription_runner.batch.tally import Tally
from transcription_runner.batch.termination import write_termination_message
from transcription_runner.limits import Limits
from transcription_runner.store.patience import PatientStore
from transcription_runner.store.port import Store

log = logging.getLogger(__name__)

CLEANUP_SECONDS = 3.0
"""How long giving back claims may take on the way out."""


@dataclass(frozen=True)
class Means:
    """What a pod works with."""

    store: Store
    """Calls are tried once; the pod brings the patience."""
    limits: Limits
    load_engine: Callable[[RunnerConfig], SpeechEngine]


class Pod:
    """Everything that one pod holds, put together; `run` lives through it once."""

    def __init__(self, config: RunnerConfig, worker: Worker, means: Means) -> None:
        self._config, self._means = config, means
        self._stop = Event()
        tally = Tally(config.job, worker.shard, worker.pod_name)
        limits, reporting = means.limits, ReportingPace(pods_known(config.job.parallelism, worker.shard))
        self._reporter = Reporter(tally, _publisher(config, worker), reporting)
        self._store = PatientStore(
            means.store,
            limits.store_patience_seconds,
            self._reporter.waiting_for_store,
            first_answer_seconds=limits.first_answer_seconds,
        )
        self._assignment = assignment_of(config, worker)
        self._pace = pace_within(means.limits)
        self._desk = desk_for(self._assignment, self._store, Scratch(means.limits.scratch_bytes), self._pace, tally)
        self._outcome: ExitCode | None = None
        self._last_words = ("Finished", "")
        self._told_to_stop_at: float | None = None

    def run(self) -> ExitCode:
        """Work in a thread of its own: Python handles signals in the main thread only, and native code may block it for long."""
        signal.signal(signal.SIGTERM, self._told_to_stop)
        signal.signal(signal.SIGINT, self._told_to_stop)
        work = Thread(target=self._work, name="work", daemon=True)
        work.start()
        while work.is_alive() and not self._out_of_time():
            work.join(0.2)
        outcome = self._outcome if self._outcome is not None else ExitCode.INTERRUPTED
        self._leave(outcome)
        return outcome

    def _told_to_stop(self, number: int, _: FrameType | None) -> None:
        if self._told_to_stop_at is None:
            self._told_to_stop_at = time.monotonic()
            self._stop.set()
            sys.stderr.write(f"told to stop ({signal.Signals(number).name}); the file in work may still be finished\n")

    def _out_of_time(self) -> bool:
        grace = self._means.limits.grace_seconds
        return self._told_to_stop_at is not None and time.monotonic() - self._told_to_stop_at > grace

    def _work(self) -> None:
        try:
            with heartbeat(self._desk.claims, self._means.store, self._pace.lease_seconds):
                self._check_store()
                if self._config.estimate_only:
                    self._reporter.stage(Stage.SURVEYING)
                    look_through(self._assignment, self._desk, self._stop)
                else:
                    Shard(self._assignment, self._desk, self._pace, self._stop).work(self._loaded_engine)
                if self._stop.is_set():
                    self._outcome = ExitCode.INTERRUPTED
                    return
                if not self._config.estimate_only:
                    self._finish()
            self._outcome = ExitCode.DONE
        except Exception as error:
            self._end(error)

    def _end(self, error: Exception) -> None:
        ended = run_error(error)
        unexpected = ended is not error and ended.exit_code is ExitCode.INTERNAL
        log.error("%s: %s", ended.reason, ended.message, exc_info=error if unexpected else None)
        self._last_words = (ended.reason, ended.message)
        self._outcome = ended.exit_code

    def _loaded_engine(self) -> SpeechEngine:
        self._reporter.stage(Stage.LOADING_MODEL)
        engine = self._means.load_engine(self._config)
        self._desk.tally.working()
        self._reporter.stage(Stage.TRANSCRIBING)
        return engine

    def _check_store(self) -> None:
        """Both buckets must be there and readable: better said now than after an hour of work."""
        source, output = self._config.source, self._config.output
        next(iter(self._store.list(source.bucket, source.prefix or "")), None)
        next(iter(self._store.list(output.bucket, f"{output.prefix}.ledger/")), None)

    def _files(self) -> Iterator[SourceFile]:
        return files_of(self._assignment, self._store)

    def _done_before(self, file: SourceFile) -> Written | None:
        return self._desk.packed.done_before(file, self._assignment.recipe_hash, self._assignment.worker)

    def _entry_of(self, file: SourceFile) -> Written | None:
        return self._desk.ledger.written(file.key)

    def _finish(self) -> None:
        """Write the manifest, unless another pod is at it: that one, or the pod that replaces it, ends it."""
        self._reporter.stage(Stage.FINISHING)
        output, job, claims = self._config.output, self._config.job, self._desk.claims
        claim = claims.acquire(hashlib.sha256(f"manifest {job.job_name}".encode()).hexdigest()[:32])
        if claim is None:
            return
        key = manifest_key(output.prefix, job.name)
        packing = Packing(self._desk.packed, self._desk.ledger, self._desk.scratch.path())
        stream = ManifestStream(
            self._config, self._assignment.recipe_hash, self._files, self._done_before, self._entry_of, packing
        )
        self._store.put_stream(output.bucket, key, stream.parts, "application/json")
        self._desk.tally.completed(stream.totals, f"{output.bucket}/{key}")
        packing.put(self._desk.brief_store)
        claims.release(claim)
        claims.clear_away()

    def _leave(self, outcome: ExitCode) -> None:
        """Give back what is held and say the last word, in bounded time, whatever else still runs."""
        cleanup = Thread(target=self._give_back, name="cleanup", daemon=True)
        cleanup.start()
        cleanup.join(CLEANUP_SECONDS)
        stage = {ExitCode.DONE: Stage.FINISHED, ExitCode.INTERRUPTED: Stage.INTERRUPTED}.get(outcome, Stage.FAILED)
        reason, message = self._last_words
        if outcome is ExitCode.INTERRUPTED:
            reason, message = "Interrupted", "told to stop; finished files stay finished"
        # By the kubelet first: it arrives whether or not the API server takes what this pod reports to it.
        write_termination_message(reason, message, self._desk.tally.report(stage, ""))
        self._reporter.close(stage, f"{reason}: {message}" if stage is Stage.FAILED else "")

    def _give_back(self) -> None:
        try:
            self._desk.claims.release_all()
        except Exception as error:  # they run out by themselves
            log.warning("claims could not be given back: %s", error)
        self._desk.scratch.close()


def _publisher(config: RunnerConfig, worker: Worker) -> Callable[[ShardReport], None] | None:
    try:
        return PodPublisher(config.job.namespace, worker.pod_name).publish
    except Exception as error:
        log.warning("progress is not reported, since this is no pod with a token: %s", error)
        return None
