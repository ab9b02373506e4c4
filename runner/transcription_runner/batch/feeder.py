"""Finds work: walks the source, leaves out what is done, claims a file, fetches it. Runs ahead of the engine by one file."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from transcription_api.ledger import Run
from transcription_runner.batch.claims import Claim, Claims, claim_name
from transcription_runner.batch.ledger import Ledger, Verdict, verdict
from transcription_runner.batch.scratch import Scratch
from transcription_runner.batch.sources import SourceFile
from transcription_runner.batch.tally import Tally
from transcription_runner.errors import FileError
from transcription_runner.store.port import ObjectMissingError, ObjectRefusedError, Store

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
"""How often claims of others are looked at while there is nothing else to do."""
MOST_REMEMBERED = 10_000
"""Files held by others that are remembered; beyond that the source is walked once more instead."""


@dataclass(frozen=True)
class Fetched:
    """A claimed file. Either it lies at `path`, or `fault` says why it cannot."""

    file: SourceFile
    claim: Claim
    path: Path | None = None
    fault: FileError | None = None


class Feeder:
    """One pod's view of the source."""

    def __init__(
        self,
        store: Store,
        bucket: str,
        files: Callable[[], Iterable[SourceFile]],
        ledger: Ledger,
        claims: Claims,
        scratch: Scratch,
        tally: Tally,
        run: Run,
        recipe_hash: str,
        largest_bytes: int,
        stop: Event,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._store, self._bucket, self._files = store, bucket, files
        self._ledger, self._claims, self._scratch, self._tally = ledger, claims, scratch, tally
        self._run, self._recipe_hash, self._largest = run, recipe_hash, largest_bytes
        self._stop, self._poll = stop, poll_seconds

    def feed(self, deliver: Callable[[Fetched], bool]) -> None:
        """Deliver every file that is this pod's to do; returns when every file of the source is done by somebody, or on stop."""
        first = True
        while not self._stop.is_set():
            held_by_others, forgotten = self._walk(deliver, first)
            while held_by_others and not self._stop.wait(self._poll):
                held_by_others = [file for file in held_by_others if not self._settle(file, deliver, True)]
            if not forgotten:
                return
            first = False

    def _walk(self, deliver: Callable[[Fetched], bool], first: bool) -> tuple[list[SourceFile], bool]:
        """Visit every source object once: those that others hold, and whether there were more than are remembered."""
        held_by_others: list[SourceFile] = []
        forgotten = False
        for file in self._files():
            if self._stop.is_set():
                break
            if first:
                self._tally.walked(file.size)
            if not self._settle(file, deliver, first):
                if len(held_by_others) < MOST_REMEMBERED:
                    held_by_others.append(file)
                else:
                    forgotten = True
        return held_by_others, forgotten

    def _settle(self, file: SourceFile, deliver: Callable[[Fetched], bool], count: bool) -> bool:
        """Leave the file if it is done, else deliver it; False while somebody else holds it, or on stop."""
        if self._is_done(file, count):
            return True
        claim = self._claims.acquire(claim_name(self._ledger.key(file.key)))
        if claim is None:
            return False
        if self._stop.is_set() or self._is_done(file, count):  # done between the first look and the claim
            self._claims.release(claim)
            return not self._stop.is_set()
        fetched = self._fetch(file, claim)
        if fetched is None:
            self._claims.release(claim)
            return False
        return deliver(fetched)

    def _is_done(self, file: SourceFile, count: bool) -> bool:
        entry = self._ledger.read(file.key)
        what = verdict(entry, file, self._recipe_hash, self._run)
        if entry is None or what is Verdict.TO_DO:
            return False
        if not count:
            return True
        if what is Verdict.SKIP:
            self._tally.skipped(file.size)
        else:
            self._tally.opened(file.size, entry.audio_seconds)
        if what is Verdict.DONE_HERE:  # before this pod was restarted
            self._tally.done(entry)
        return True

    def _fetch(self, file: SourceFile, claim: Claim) -> Fetched | None:
        if file.fault is not None:
            return Fetched(file, claim, fault=file.fault)
        if file.size > self._largest:
            fault = FileError("TooLarge", f"the object has {file.size} bytes; at most {self._largest} are taken")
            return Fetched(file, claim, fault=fault)
        path = self._scratch.reserve(file.size, self._stop)
        if path is None:
            return None
        began = time.monotonic()
        try:
            read = self._store.fetch(self._bucket, file.key, path, self._largest)
        except ObjectMissingError:
            fault = FileError("ObjectNotFound", "the object was removed after it had been listed")
        except ObjectRefusedError as refused:
            fault = FileError(refused.reason, refused.message)
        except OSError as error:
            fault = FileError("ScratchFull", f"the object cannot be kept in the scratch folder: {error.strerror}")
        else:
            log.debug("fetched %s (%d bytes) in %.1f s", read.key, read.size, time.monotonic() - began)
            return Fetched(SourceFile(file.key, read.size, read.etag), claim, path)
        self._scratch.free(path)
        return Fetched(file, claim, fault=fault)
