"""Writes results down: the transcript's files first, the ledger entry last, then the claim is given back."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from transcription_api.ledger import LedgerEntry, Outcome, Run, output_key
from transcription_api.runner_config import ResolvedOutput
from transcription_api.transcript import Transcript
from transcription_runner.batch.claims import Claims
from transcription_runner.batch.feeder import Fetched
from transcription_runner.batch.ledger import Ledger
from transcription_runner.batch.scratch import Scratch
from transcription_runner.batch.tally import Tally
from transcription_runner.errors import FileError
from transcription_runner.formats.documents import MEDIA_TYPES, documents
from transcription_runner.store.port import ObjectRefusedError, Store

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """What the engine made of a file: a transcript, or the reason why there is none."""

    fetched: Fetched
    transcript: Transcript | None = None
    fault: FileError | None = None
    processing_seconds: float = 0.0


@dataclass
class Writer:
    """Writes to one job's output."""

    store: Store
    source_bucket: str
    output: ResolvedOutput
    recipe_hash: str
    run: Run
    ledger: Ledger
    claims: Claims
    scratch: Scratch
    tally: Tally

    def write(self, result: Result) -> None:
        """Write one result; one whose claim was lost meanwhile is dropped, since its new holder writes it."""
        fetched = result.fetched
        try:
            if not self.claims.holds(fetched.claim):
                log.warning("%s was taken over by another pod; this result is dropped", fetched.file.key)
                self.tally.dropped(fetched.file.key)
                return
            entry = self._written(result)
            self.ledger.write(entry)
            self.tally.done(entry)
            self._log(entry)
            self.claims.release(fetched.claim)
        finally:
            if fetched.path is not None:
                self.scratch.free(fetched.path)

    def _written(self, result: Result) -> LedgerEntry:
        if result.transcript is None:
            return self._entry(result, result.fault or FileError("InternalError", "no transcript and no reason"))
        outputs = []
        try:
            written = documents(result.transcript, self.output.formats, self.output.subtitles)
            for format_, content in written.items():
                key = output_key(self.output.prefix, result.fetched.file.key, format_)
                self.store.put(self.output.bucket, key, content, MEDIA_TYPES[format_])
                outputs.append(key)
        except ObjectRefusedError as refused:
            return self._entry(result, FileError(refused.reason, f"the transcript cannot be written: {refused.message}"))
        return self._entry(result, None, outputs)

    def _entry(self, result: Result, fault: FileError | None, outputs: list[str] | None = None) -> LedgerEntry:
        file, transcript = result.fetched.file, result.transcript if fault is None else None
        spoke = transcript is not None and bool(transcript.segments)
        return LedgerEntry(
            bucket=self.source_bucket,
            key=file.key,
            etag=file.etag,
            recipe_hash=self.recipe_hash,
            outcome=Outcome.SUCCEEDED if fault is None else Outcome.FAILED,
            reason=fault.reason if fault else None,
            message=fault.message if fault else None,
            outputs=outputs or [],
            language=transcript.language if transcript is not None and spoke else None,
            audio_seconds=transcript.transcription.duration_seconds if transcript is not None else 0.0,
            segments=len(transcript.segments) if transcript is not None else 0,
            words=sum(len(segment.text.split()) for segment in transcript.segments) if transcript is not None else 0,
            processing_seconds=round(result.processing_seconds, 3),
            run=self.run,
            finished_at=datetime.now(UTC),
        )

    @staticmethod
    def _log(entry: LedgerEntry) -> None:
        if entry.outcome is Outcome.SUCCEEDED:
            took = f"{entry.audio_seconds:.1f} s of audio in {entry.processing_seconds:.1f} s"
            log.info("done: %s (%s, %s, %d words)", entry.key, took, entry.language or "no speech", entry.words)
        else:
            log.warning("failed: %s (%s: %s)", entry.key, entry.reason, entry.message)
