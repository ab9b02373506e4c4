"""`transcription-runner run`: one pod of a run, from its configuration to its exit code."""

import hashlib
import logging
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from types import FrameType

from pydantic import ValidationError

from transcription_api import names
from transcription_api.ledger import Run, manifest_key, recipe_hash
from transcription_api.names import ExitCode
from transcription_api.runner_config import RunnerConfig
from transcription_api.status import Shard as ShardReport
from transcription_runner.batch.claims import Claims
from transcription_runner.batch.feeder import Feeder
from transcription_runner.batch.lease import LeaseWatch
from transcription_runner.batch.ledger import Ledger
from transcription_runner.batch.manifest import ManifestStream
from transcription_runner.batch.publish import StatusPublisher
from transcription_runner.batch.reporter import Reporter
from transcription_runner.batch.scratch import Scratch
from transcription_runner.batch.shard import Shard, SpeechEngine
from transcription_runner.batch.sources import SourceFile, source_files
from transcription_runner.batch.tally import Tally
from transcription_runner.batch.termination import write_termination_message
from transcription_runner.batch.writer import Writer
from transcription_runner.errors import ConfigurationError, RunError
from transcription_runner.limits import Limits, limits_from_environment
from transcription_runner.store.patience import PatientStore
from transcription_runner.store.port import Store, StoreRefusedError, StoreUnavailableError
from transcription_runner.store.s3 import S3Store
from transcription_runner.surroundings import available_threads, prepare_surroundings

log = logging.getLogger(__name__)

LONGEST_POLL_SECONDS = 5.0
CLEANUP_SECONDS = 3.0
"""How long giving back claims may take on the way out."""


def run(config_path: Path) -> ExitCode:
    """Do this pod's part of the run. The exit code is the process's; the reason is left as the termination message."""
    try:
        config = read_config(config_path)
        limits = limits_from_environment()
        store = S3Store(config.endpoint, _credential(names.ENV_S3_ACCESS_KEY), _credential(names.ENV_S3_SECRET_KEY))
        who = Run(
            job_name=config.job.job_name, shard=_index(), pod_name=os.environ.get(names.ENV_POD_NAME, "") or os.uname().nodename
        )
    except RunError as error:
        return _failed(error)
    return Pod(config, limits, store, who, _load_engine).run()


def _load_engine(config: RunnerConfig) -> SpeechEngine:
    from transcription_runner.engine.engine import Engine

    prepare_surroundings()
    longest = limits_from_environment().audio_seconds
    return Engine(config.recipe, config.device, Path(tempfile.gettempdir()), longest, available_threads())


def read_config(path: Path) -> RunnerConfig:
    """Raises ConfigurationError for a file that is missing or that says what the contract does not know."""
    try:
        return RunnerConfig.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigurationError("InvalidConfiguration", f"the configuration {path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:5])
        raise ConfigurationError("InvalidConfiguration", f"the configuration {path} is not valid: {faults}") from None


def _credential(name: str) -> str:
    if value := os.environ.get(name):
        return value
    raise ConfigurationError("MissingCredentials", f"the environment variable {name} is not set; it comes from the job's Secret")


def _index() -> int:
    text = os.environ.get(names.ENV_COMPLETION_INDEX, "0")
    if text.isdigit():
        return int(text)
    raise ConfigurationError("InvalidConfiguration", f"{names.ENV_COMPLETION_INDEX} must be a whole number, not {text!r}")


def _failed(error: RunError) -> ExitCode:
    log.error("%s: %s", error.reason, error.message)
    write_termination_message(error.reason, error.message)
    return error.exit_code


class Pod:
    """Everything that one pod holds, put together; `run` lives through it once."""

    def __init__(
        self, config: RunnerConfig, limits: Limits, store: Store, who: Run, load_engine: Callable[[RunnerConfig], SpeechEngine]
    ) -> None:
        self._config, self._limits, self._who = config, limits, who
        self._hash = recipe_hash(config.recipe, config.output)
        self._stop = Event()
        self._tally = Tally(config.job, who.shard, who.pod_name)
        self._reporter = Reporter(self._tally, _publisher(config, who))
        self._impatient = store
        self._store = PatientStore(store, limits.store_patience_seconds, self._reporter.waiting_for_store)
        poll = min(LONGEST_POLL_SECONDS, limits.lease_seconds / 10)
        watch = LeaseWatch(limits.lease_seconds, longest_step=2 * poll)
        output = config.output
        self._claims = Claims(self._store, output.bucket, output.prefix, who, watch)
        self._ledger = Ledger(self._store, output.bucket, output.prefix, config.source.bucket)
        self._scratch = Scratch(limits.scratch_bytes)
        feeder = Feeder(
            self._store,
            config.source.bucket,
            self._files,
            self._ledger,
            self._claims,
            self._scratch,
            self._tally,
            who,
            self._hash,
            limits.fetch_bytes,
            self._stop,
            poll,
        )
        writer = Writer(
            self._store, config.source.bucket, output, self._hash, who, self._ledger, self._claims, self._scratch, self._tally
        )
        self._shard = Shard(
            feeder,
            writer,
            self._claims,
            self._tally,
            self._reporter,
            lambda: load_engine(config),
            self._impatient,
            limits.lease_seconds,
            self._stop,
        )
        self._outcome: ExitCode | None = None
        self._last_words = ""
        self._told_to_stop_at: float | None = None

    def run(self) -> ExitCode:
        """Work in a thread of its own: Python handles signals in the main thread only, and native code may block it for long."""
        signal.signal(signal.SIGTERM, self._told_to_stop)
        signal.signal(signal.SIGINT, self._told_to_stop)
        worker = Thread(target=self._work, name="work", daemon=True)
        worker.start()
        while worker.is_alive() and not self._out_of_time():
            worker.join(0.2)
        outcome = self._outcome if self._outcome is not None else ExitCode.INTERRUPTED
        self._leave(outcome)
        return outcome

    def _told_to_stop(self, number: int, _: FrameType | None) -> None:
        if self._told_to_stop_at is None:
            self._told_to_stop_at = time.monotonic()
            self._stop.set()
            sys.stderr.write(f"told to stop ({signal.Signals(number).name}); the file in work may still be finished\n")

    def _out_of_time(self) -> bool:
        return self._told_to_stop_at is not None and time.monotonic() - self._told_to_stop_at > self._limits.grace_seconds

    def _work(self) -> None:
        try:
            self._check_store()
            self._shard.work(self._files)
            if self._stop.is_set():
                self._outcome = ExitCode.INTERRUPTED
                return
            self._finish()
            self._outcome = ExitCode.DONE
        except RunError as error:
            self._end(error)
        except StoreRefusedError as error:
            self._end(RunError(ExitCode.STORE_REFUSED, error.reason, error.message))
        except StoreUnavailableError as error:
            self._end(RunError(ExitCode.STORE_UNAVAILABLE, "StorageUnavailable", str(error)))
        except Exception as error:
            log.exception("the run cannot go on")
            self._end(RunError(ExitCode.INTERNAL, "InternalError", f"{type(error).__name__}: {str(error)[:1000]}"))

    def _end(self, error: RunError) -> None:
        self._last_words = f"{error.reason}: {error.message}"
        self._outcome = _failed(error)

    def _check_store(self) -> None:
        """Both buckets must be there and readable: better said now than after an hour of work."""
        source, output = self._config.source, self._config.output
        next(iter(self._store.list(source.bucket, source.prefix or "")), None)
        next(iter(self._store.list(output.bucket, f"{output.prefix}.ledger/")), None)

    def _files(self) -> Iterator[SourceFile]:
        return source_files(self._store, self._config.source, self._config.output)

    def _finish(self) -> None:
        """Write the manifest, unless another pod is at it: that one, or the pod that replaces it, ends it."""
        self._reporter.stage("Finishing")
        output, job = self._config.output, self._config.job
        claim = self._claims.acquire(hashlib.sha256(f"manifest {job.job_name}".encode()).hexdigest()[:32])
        if claim is None:
            return
        key = manifest_key(output.prefix, job.name)
        stream = ManifestStream(self._config, self._hash, self._files, self._ledger.read)
        self._store.put_stream(output.bucket, key, stream.parts, "application/json")
        self._tally.completed(stream.counts, f"{output.bucket}/{key}")
        self._claims.release(claim)
        self._claims.clear_away()

    def _leave(self, outcome: ExitCode) -> None:
        """Give back what is held and say the last word, in bounded time, whatever else still runs."""
        cleanup = Thread(target=self._give_back, name="cleanup", daemon=True)
        cleanup.start()
        cleanup.join(CLEANUP_SECONDS)
        if outcome is ExitCode.INTERRUPTED:
            write_termination_message("Interrupted", "told to stop; finished files stay finished")
        stage = {ExitCode.DONE: "Finished", ExitCode.INTERRUPTED: "Interrupted"}.get(outcome, "Failed")
        self._reporter.close(stage, self._last_words)

    def _give_back(self) -> None:
        try:
            self._claims.release_all()
        except Exception as error:  # they run out by themselves
            log.warning("claims could not be given back: %s", error)
        self._scratch.close()


def _publisher(config: RunnerConfig, who: Run) -> Callable[[ShardReport], None] | None:
    try:
        return StatusPublisher(config.job, who.shard).publish
    except Exception as error:
        log.warning("progress is not reported, since this is no pod with a token: %s", error)
        return None
