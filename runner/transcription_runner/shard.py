"""One pod's part of a run: its threads and what flows between them.

The feeder fetches ahead, the engine transcribes, the writer uploads; a heartbeat renews claims. Between them stand queues of
one, so no more than a few files are in flight. Every thread ends when the work is done, on stop, or with the first failure.
"""

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Protocol

from transcription_api.transcript import SourceObject, Transcript
from transcription_runner.channel import Channel
from transcription_runner.claims import Claims
from transcription_runner.engine.audio import Audio
from transcription_runner.errors import FileError, RunError
from transcription_runner.feeder import Feeder, Fetched
from transcription_runner.reporter import Reporter
from transcription_runner.sources import SourceFile
from transcription_runner.store.port import Store
from transcription_runner.tally import Tally
from transcription_runner.writer import Result, Writer

log = logging.getLogger(__name__)

RENEWALS_IN_A_LEASE = 6


class SpeechEngine(Protocol):
    """What a shard asks of the engine; see engine.pipeline.Engine."""

    def decode(self, path: Path, longest_seconds: float) -> Audio: ...

    def transcribe(self, audio: Audio, source: SourceObject, heard: Callable[[float], None]) -> Transcript: ...


class Shard:
    """Does every file that it can claim."""

    def __init__(
        self,
        feeder: Feeder,
        writer: Writer,
        claims: Claims,
        tally: Tally,
        reporter: Reporter,
        load_engine: Callable[[], SpeechEngine],
        impatient_store: Store,
        longest_seconds: float,
        lease_seconds: float,
        stop: Event,
    ) -> None:
        self._feeder, self._writer, self._claims, self._tally, self._reporter = feeder, writer, claims, tally, reporter
        self._load_engine, self._impatient_store = load_engine, impatient_store
        self._longest, self._lease, self._stop = longest_seconds, lease_seconds, stop
        self._failure: BaseException | None = None
        self._failed, self._over = Event(), Event()
        self._fetched: Channel[Fetched] = Channel(1, stop)  # what is fetched but not begun is dropped on stop
        self._results: Channel[Result] = Channel(1, self._failed)  # what is transcribed is still written then

    def work(self, survey: Callable[[], Iterator[SourceFile]]) -> None:
        """Work until every file of the source is done by some pod, or until stop. Raises the first failure of any thread."""
        Thread(target=self._survey, args=(survey,), name="survey", daemon=True).start()
        Thread(target=self._heartbeat, name="heartbeat", daemon=True).start()
        threads = [
            Thread(target=self._guarded, args=(part,), name=part.__name__, daemon=True) for part in (self._feed, self._write)
        ]
        for thread in threads:
            thread.start()
        try:
            self._guarded(self._transcribe)
            for thread in threads:
                thread.join()
        finally:
            self._over.set()
        if self._failure is not None:
            raise self._failure

    def _guarded(self, part: Callable[[], None]) -> None:
        try:
            part()
        except BaseException as error:  # handed to the thread that called work
            if self._failure is None:
                self._failure = error
            self._failed.set()
            self._stop.set()

    def _feed(self) -> None:
        try:
            self._feeder.feed(self._fetched.put)
        finally:
            self._fetched.close()

    def _transcribe(self) -> None:
        engine: SpeechEngine | None = None
        try:
            for fetched in self._fetched:
                if engine is None and fetched.fault is None:
                    self._reporter.stage("LoadingModel")
                    engine = self._load_engine()
                    if self._stop.is_set():
                        return
                self._reporter.stage("Transcribing")
                self._results.put(self._result(engine, fetched))
        finally:
            self._results.close()

    def _result(self, engine: SpeechEngine | None, fetched: Fetched) -> Result:
        file = fetched.file
        if fetched.fault is not None or fetched.path is None or engine is None:
            self._tally.opened(file.size, 0.0)
            return Result(fetched, fault=fetched.fault)
        began = time.monotonic()
        try:
            audio = engine.decode(fetched.path, self._longest)
            self._tally.opened(file.size, audio.seconds)
            source = SourceObject(bucket=self._writer.source_bucket, key=file.key, etag=file.etag)
            transcript = engine.transcribe(audio, source, lambda seconds: self._tally.going_on(file.key, seconds))
        except FileError as fault:
            self._tally.opened(file.size, 0.0)
            return Result(fetched, fault=fault, processing_seconds=time.monotonic() - began)
        except RunError:
            raise
        except MemoryError:
            return Result(fetched, fault=FileError("OutOfMemory", "the file needs more memory than the pod has"))
        except Exception as error:
            if "CUDA" in str(error) and "out of memory" not in str(error):
                raise  # the device is gone for all files
            log.exception("transcribing %s failed", file.key)
            return Result(fetched, fault=FileError("InternalError", f"{type(error).__name__}: {str(error)[:300]}"))
        return Result(fetched, transcript, processing_seconds=time.monotonic() - began)

    def _write(self) -> None:
        for result in self._results:
            self._writer.write(result)

    def _heartbeat(self) -> None:
        while not self._over.wait(self._lease / RENEWALS_IN_A_LEASE):
            try:
                self._claims.renew(self._impatient_store)
            except Exception as error:  # the next beat tries again; a claim that is lost shows when the result is written
                log.debug("claims were not renewed: %s", error)

    def _survey(self, survey: Callable[[], Iterator[SourceFile]]) -> None:
        """Count the source ahead of the work, so that progress has a total early."""
        try:
            for file in survey():
                if self._over.is_set():
                    return
                self._tally.surveyed(file.size)
        except Exception as error:  # the walk counts, too, and reports what is wrong
            log.debug("the survey ended early: %s", error)
