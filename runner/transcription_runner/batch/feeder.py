"""Finds work: walks the source, leaves out what is done, claims files and fetches them, several at once, ahead of the engine."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from threading import Event

from transcription_runner.batch.ahead import Ahead, Fetched
from transcription_runner.batch.assignment import Assignment, Desk, Pace, files_of
from transcription_runner.batch.claims import Claim
from transcription_runner.batch.ledger import Standing, standing
from transcription_runner.batch.parallel import for_each
from transcription_runner.batch.put_off import PutOff
from transcription_runner.batch.sources import SourceFile
from transcription_runner.batch.spread import spread
from transcription_runner.errors import FileError
from transcription_runner.store.port import ObjectMissingError, ObjectRefusedError, StoreUnavailableError

log = logging.getLogger(__name__)

LOOKED_AT_AGAIN = 1_000
"""From so many files held by others on, the oldest of them is looked at again with each further file: most are done by then."""
MOST_REMEMBERED = 10_000
"""Files held by others that are remembered; beyond that the source is walked once more instead."""


class Feeder:
    """One pod's view of an assignment's source."""

    def __init__(self, assignment: Assignment, desk: Desk, pace: Pace) -> None:
        self._assignment, self._desk, self._pace = assignment, desk, pace
        self._put_off = PutOff(pace.retry_pauses)

    def feed(self, ahead: Ahead, stop: Event) -> None:
        """Put every file that is this pod's to do; returns when every file of the source is done by somebody or begun here, or
        on stop. A failure sets `stop`, for calls that wait, and is raised."""
        self._desk.packed.load(stop)
        first = True
        while not stop.is_set():
            held_by_others, forgotten = self._walk(ahead, stop, first)
            while (held_by_others or self._put_off) and not stop.wait(self._pace.poll_seconds):
                idle = not held_by_others and not self._desk.claims.holds_any()
                held_by_others = self._unsettled([*held_by_others, *self._put_off.due(idle)], ahead, stop)
            if not forgotten:
                return
            first = False

    def _walk(self, ahead: Ahead, stop: Event, first: bool) -> tuple[deque[SourceFile], bool]:
        """Visit every source object: those that others still hold, and whether there were more than are remembered."""
        held_by_others: deque[SourceFile] = deque()
        forgotten = False

        def visit(file: SourceFile) -> None:
            nonlocal forgotten
            if not self._settle(file, ahead, stop, first):
                if len(held_by_others) < MOST_REMEMBERED:
                    held_by_others.append(file)
                else:
                    forgotten = True

        def files() -> Iterator[SourceFile]:
            listed = files_of(self._assignment, self._desk.store, self._desk.tally.ignored if first else None)
            for file in _until(stop, spread(listed, self._assignment.share)):
                if first:
                    self._desk.tally.walked(file)
                if self._was_done_before(file, first):  # by what lies here: not worth a thread's while
                    continue
                yield from self._put_off.due()  # those whose time has come meanwhile
                if len(held_by_others) >= LOOKED_AT_AGAIN:
                    yield held_by_others.popleft()
                yield file

        self._several(visit, _until(stop, files()), stop)
        if first and not stop.is_set():
            self._desk.tally.saw_all()
        return held_by_others, forgotten

    def _unsettled(self, files: list[SourceFile], ahead: Ahead, stop: Event) -> deque[SourceFile]:
        """Look at files that others held: those that they still hold."""
        still: deque[SourceFile] = deque()

        def visit(file: SourceFile) -> None:
            if not self._settle(file, ahead, stop, True):
                still.append(file)

        self._several(visit, _until(stop, iter(files)), stop)
        return still

    def _several(self, visit: Callable[[SourceFile], None], files: Iterator[SourceFile], stop: Event) -> None:
        for_each(visit, files, self._pace.ahead, stop.set, "feed")

    def _settle(self, file: SourceFile, ahead: Ahead, stop: Event, count: bool) -> bool:
        """Leave the file if it is done, put off or in work here, else claim it and put it; False while another holds it, or on
        stop."""
        name = self._desk.ledger.name(file.key)
        if self._put_off.waits(file) or self._desk.claims.has(name):
            return True
        if self._is_done(file, name, count):
            return True
        if not ahead.reserve():
            return False
        fetched: Fetched | None = None
        try:
            claim = self._desk.claims.acquire(name)
            if claim is None:
                return False
            done = self._is_done(file, name, count)  # between the first look and the claim
            if not done and not stop.is_set():
                fetched = self._fetch(file, claim, stop)
            if fetched is None:
                self._desk.claims.release(claim)
                return done or self._put_off.waits(file)
            ahead.put(fetched)
            return True
        finally:
            if fetched is None:
                ahead.free()

    def _was_done_before(self, file: SourceFile, count: bool) -> bool:
        written = self._desk.packed.done_before(file, self._assignment.recipe_hash, self._assignment.worker)
        if written is not None and count:
            self._desk.tally.skipped(file, written.entry.audio_seconds)
        return written is not None

    def _is_done(self, file: SourceFile, name: str, count: bool) -> bool:
        entry = self._desk.ledger.read(file.key)
        what = standing(entry, file, self._assignment.recipe_hash, self._assignment.worker)
        if entry is None or what is Standing.TO_DO:
            return False
        self._put_off.settled(file)
        self._desk.claims.settled(name)
        if not count:
            return True
        if what is Standing.SKIP:
            self._desk.tally.skipped(file, entry.audio_seconds)
        else:
            self._desk.tally.opened(file, entry.audio_seconds)
        if what is Standing.DONE_HERE:  # before this pod was restarted
            self._desk.tally.done(entry)
        return True

    def _fetch(self, file: SourceFile, claim: Claim, stop: Event) -> Fetched | None:
        largest = self._pace.largest_bytes
        if file.fault is not None:
            return Fetched(file, claim, fault=file.fault)
        if file.size > largest:
            return Fetched(
                file, claim, fault=FileError("TooLarge", f"the object has {file.size} bytes; at most {largest} are taken")
            )
        path = self._desk.scratch.reserve(file.size, stop)
        if path is None:
            return None
        began = time.monotonic()
        may_be_put_off = self._put_off.has_room(file)
        store = self._desk.brief_store if may_be_put_off else self._desk.store
        fault: FileError | None
        try:
            read = store.fetch(self._assignment.source.bucket, file.key, path, largest)
        except ObjectMissingError:
            fault = FileError("ObjectNotFound", "the object was removed after it had been listed")
        except StoreUnavailableError as error:
            if not may_be_put_off:
                raise
            fault = self._put_off.failed(file, error)
            if fault is None:
                log.warning("put off, to be tried again later: %s (%s)", file.key, error)
        except ObjectRefusedError as refused:
            fault = FileError(refused.reason, refused.message)
        except OSError as error:
            fault = FileError("ScratchFull", f"the object cannot be kept in the scratch folder: {error.strerror}")
        else:
            self._put_off.settled(file)
            log.debug("fetched %s (%d bytes) in %.1f s", read.key, read.size, time.monotonic() - began)
            return Fetched(SourceFile(file.key, read.size, read.etag), claim, path)
        self._desk.scratch.free(path)
        if fault is None:
            return None
        self._put_off.settled(file)
        return Fetched(file, claim, fault=fault)


def _until(stop: Event, files: Iterator[SourceFile]) -> Iterator[SourceFile]:
    for file in files:
        if stop.is_set():
            return
        yield file
