"""Writes results down: a transcript's files side by side, then its ledger entry, then the claim is given back."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from transcription_api.ledger import LedgerEntry, Outcome, output_key
from transcription_api.transcript import Transcript
from transcription_runner.batch.ahead import Fetched
from transcription_runner.batch.assignment import Assignment, Desk, Pace
from transcription_runner.batch.parallel import for_each
from transcription_runner.errors import FileError
from transcription_runner.formats.documents import MEDIA_TYPES, documents
from transcription_runner.store.port import ObjectRefusedError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finished:
    """A file that is ready to be written down: with a transcript, or with the reason why there is none."""

    fetched: Fetched
    transcript: Transcript | None = None
    fault: FileError | None = None
    processing_seconds: float = 0.0


class Writer:
    """Writes to an assignment's output, several files at once."""

    def __init__(self, assignment: Assignment, desk: Desk, pace: Pace) -> None:
        self._assignment, self._desk, self._pace = assignment, desk, pace

    def write_all(self, results: Iterable[Finished]) -> None:
        """Write results as they come. After a failure no further one is begun, and the failure is raised."""
        for_each(self.write, results, self._pace.writers, name="write")

    def write(self, result: Finished) -> None:
        """Write one result; one whose claim was lost meanwhile is dropped, since its new holder writes it."""
        file, claim = result.fetched.file, result.fetched.claim
        if not self._desk.claims.holds(claim):
            log.warning("%s was taken over by another pod; this result is dropped", file.key)
            self._desk.tally.dropped(file.key)
            return
        entry = self._written(result)
        self._desk.ledger.write(entry)
        self._desk.tally.done(entry)
        _log(entry)
        self._desk.claims.release(claim)

    def _written(self, result: Finished) -> LedgerEntry:
        """Write the outputs, if there are any; the entry that is true once all of them are there."""
        if result.transcript is None:
            return ledger_entry(
                self._assignment, result, result.fault or FileError("InternalError", "no transcript and no reason")
            )
        output = self._assignment.output
        written = documents(result.transcript, output.formats, output.subtitles)
        keys = {format_: output_key(output.prefix, result.fetched.file.key, format_) for format_ in written}
        try:
            for_each(
                lambda format_: self._desk.store.put(output.bucket, keys[format_], written[format_], MEDIA_TYPES[format_]),
                written,
                threads=len(written),
                name="put",
            )
        except ObjectRefusedError as refused:
            return ledger_entry(
                self._assignment, result, FileError(refused.reason, f"the transcript cannot be written: {refused.message}")
            )
        return ledger_entry(self._assignment, result, None, list(keys.values()))


def ledger_entry(
    assignment: Assignment, result: Finished, fault: FileError | None, outputs: list[str] | None = None
) -> LedgerEntry:
    """What the ledger is to say of a file: its figures where `fault` is None, else the reason."""
    file, transcript = result.fetched.file, result.transcript if fault is None else None
    segments = transcript.segments if transcript is not None else []
    words = [word for segment in segments for word in segment.words]
    return LedgerEntry(
        bucket=assignment.source.bucket,
        key=file.key,
        etag=file.etag,
        recipe_hash=assignment.recipe_hash,
        outcome=Outcome.SUCCEEDED if fault is None else Outcome.FAILED,
        reason=fault.reason if fault else None,
        message=fault.message if fault else None,
        outputs=outputs or [],
        language=transcript.language if transcript is not None and segments else None,
        audio_seconds=transcript.transcription.duration_seconds if transcript is not None else 0.0,
        segments=len(segments),
        words=sum(len(segment.words) or len(segment.text.split()) for segment in segments),
        estimated_words=sum(word.estimated is True for word in words),
        alignment=transcript.transcription.alignment.method if transcript is not None else None,
        processing_seconds=round(result.processing_seconds, 3),
        worker=assignment.worker,
        finished_at=datetime.now(UTC),
    )


def _log(entry: LedgerEntry) -> None:
    if entry.outcome is Outcome.SUCCEEDED:
        took = f"{entry.audio_seconds:.1f} s of audio in {entry.processing_seconds:.1f} s"
        log.info("done: %s (%s, %s, %d words)", entry.key, took, entry.language or "no speech", entry.words)
    else:
        log.warning("failed: %s (%s: %s)", entry.key, entry.reason, entry.message)
