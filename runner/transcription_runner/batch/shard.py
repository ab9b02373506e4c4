"""One pod's part of a run: its threads and what flows between them.

The feeder fetches ahead, the engine transcribes, the writer uploads; a heartbeat renews claims. Between them stand queues of
one; the engine itself holds a few batches of speech. Every thread ends when the work is done, on stop, or with the first failure.
"""

import logging
from collections.abc import Callable, Iterator
from itertools import chain
from threading import Event, Thread
from typing import Protocol

from transcription_api.transcript import SourceObject
from transcription_runner.batch.claims import Claims
from transcription_runner.batch.feeder import Feeder, Fetched
from transcription_runner.batch.reporter import Reporter
from transcription_runner.batch.sources import SourceFile
from transcription_runner.batch.tally import Tally
from transcription_runner.batch.writer import Result, Writer
from transcription_runner.engine.channel import Channel
from transcription_runner.engine.work import Outcome, Watch, Work
from transcription_runner.store.port import Store

log = logging.getLogger(__name__)

RENEWALS_IN_A_LEASE = 6


class SpeechEngine(Protocol):
    """What a shard asks of the engine; see engine.pipeline.Engine."""

    def transcribe(self, works: Iterator[Work], watch: Watch) -> Iterator[Outcome]: ...


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
        lease_seconds: float,
        stop: Event,
    ) -> None:
        self._feeder, self._writer, self._claims, self._tally, self._reporter = feeder, writer, claims, tally, reporter
        self._load_engine, self._impatient_store = load_engine, impatient_store
        self._lease, self._stop = lease_seconds, stop
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
        try:
            works = self._works()
            if (first := next(works, None)) is not None:
                self._reporter.stage("LoadingModel")
                engine = self._load_engine()
                if self._stop.is_set():
                    return
                self._reporter.stage("Transcribing")
                for outcome in engine.transcribe(chain([first], works), self):
                    fetched: Fetched = outcome.work.tag
                    self._results.put(Result(fetched, outcome.transcript, outcome.fault, outcome.busy_seconds))
        finally:
            self._results.close()

    def _works(self) -> Iterator[Work]:
        """The files that could be fetched; the others are results already."""
        for fetched in self._fetched:
            file = fetched.file
            if fetched.path is not None and fetched.fault is None:
                yield Work(fetched.path, SourceObject(bucket=self._writer.source_bucket, key=file.key, etag=file.etag), fetched)
                continue
            self._tally.opened(file.size, 0.0)
            self._results.put(Result(fetched, fault=fetched.fault))

    def opened(self, work: Work, seconds: float) -> None:
        """The engine knows a file's length."""
        self._tally.opened(work.tag.file.size, seconds)

    def heard(self, work: Work, seconds: float) -> None:
        """The engine has recognised so much of a file."""
        self._tally.going_on(work.source.key, seconds)

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
