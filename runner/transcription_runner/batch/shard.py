"""One pod's part of a run: its threads and what flows between them.

    feeder ──> ahead ──> engine ──> early faults ──> results ──> writer

The feeder fetches ahead, the engine transcribes and holds a few batches of speech, the writer uploads. Everything ends when the
work is done, on stop, or with the first failure.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from threading import Event, Thread
from typing import Protocol

from transcription_api.transcript import SourceObject
from transcription_runner.batch.ahead import Ahead
from transcription_runner.batch.assignment import Assignment, Desk, Pace, files_of
from transcription_runner.batch.channel import Channel
from transcription_runner.batch.early_faults import EarlyFaults
from transcription_runner.batch.feeder import Feeder
from transcription_runner.batch.writer import Finished, Writer
from transcription_runner.engine.work import Piece, Result, Watch, Work

log = logging.getLogger(__name__)


class SpeechEngine(Protocol):
    """What a shard asks of the engine; see engine.engine.Engine."""

    def transcribe(self, works: Iterable[Work], watch: Watch) -> Iterator[Result]: ...


class Shard:
    """Does every file of an assignment that it can claim. For one use."""

    def __init__(self, assignment: Assignment, desk: Desk, pace: Pace, stop: Event) -> None:
        self._assignment, self._desk, self._stop = assignment, desk, stop
        self._feeder, self._writer = Feeder(assignment, desk, pace), Writer(assignment, desk, pace)
        self._failure: BaseException | None = None
        self._failed, self._over = Event(), Event()
        self._ahead = Ahead(pace.ahead, stop)  # what is fetched but not begun is given back on stop
        self._results: Channel[Finished] = Channel(1, self._failed)  # what is transcribed is still written then
        self._early_faults = EarlyFaults()

    def work(self, load_engine: Callable[[], SpeechEngine]) -> None:
        """Work until every file of the source is done by some pod, or until stop. Raises the first failure of any thread.

        The engine is loaded only if there is something to do.
        """
        Thread(target=self._survey, name="survey", daemon=True).start()
        threads = [
            Thread(target=self._guarded, args=(part,), name=part.__name__, daemon=True) for part in (self._feed, self._write)
        ]
        for thread in threads:
            thread.start()
        try:
            self._guarded(lambda: self._transcribe(load_engine))
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
            self._feeder.feed(self._ahead, self._stop)
        finally:
            self._ahead.close()

    def _transcribe(self, load_engine: Callable[[], SpeechEngine]) -> None:
        try:
            works = self._works()
            if (first := next(works, None)) is not None:
                engine = load_engine()
                if self._stop.is_set():
                    return
                for result in engine.transcribe(chain([first], works), self):
                    self._take(result)
            if not self._stop.is_set():
                self._pass_on(self._early_faults.rest())
        finally:
            self._results.close()

    def _works(self) -> Iterator[Work]:
        """The files that could be fetched; the others are finished already."""
        for fetched in self._ahead:
            file = fetched.file
            if fetched.path is not None and fetched.fault is None:
                source = SourceObject(bucket=self._assignment.source.bucket, key=file.key, etag=file.etag)
                yield Work(fetched.path, self._assignment.recipe, source, fetched)
                continue
            self._desk.tally.unreadable(file)
            self._pass_on([Finished(fetched, fault=fetched.fault)])

    def _take(self, result: Result) -> None:
        """The sound is not needed any more; the transcript goes to the writer."""
        fetched = result.work.tag
        self._desk.scratch.free(fetched.path)
        self._pass_on(self._early_faults.passed(Finished(fetched, result.transcript, result.fault, result.busy_seconds)))

    def _pass_on(self, results: list[Finished]) -> None:
        for result in results:
            self._results.put(result)

    def opened(self, work: Work, seconds: float) -> None:
        """See Watch: the engine knows a file's length."""
        self._desk.tally.opened(work.tag.file, seconds)

    def heard(self, work: Work, seconds: float) -> None:
        """See Watch: the engine has recognised so much of a file."""
        self._desk.tally.going_on(work.tag.file.key, seconds)

    def piece(self, work: Work, piece: Piece) -> None:
        """See Watch: nobody reads along."""

    def _write(self) -> None:
        self._writer.write_all(self._results)

    def _survey(self) -> None:
        """Count the source ahead of the work, so that progress has a total early."""
        files = 0
        try:
            for file in files_of(self._assignment, self._desk.store):
                if self._over.is_set():
                    return
                self._desk.tally.surveyed(file)
                files += 1
            self._desk.tally.saw_all()
            log.info("the source has %d files", files)
        except Exception as error:  # the walk counts, too, and reports what is wrong
            log.debug("the survey ended early: %s", error)
