"""The manifest as a stream: every source object with what became of it, read back from the ledger."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from transcription_api.ledger import LedgerEntry, Outcome
from transcription_api.manifest import Manifest, ManifestFile
from transcription_api.report import RunTotals, known_languages
from transcription_api.runner_config import RunnerConfig
from transcription_api.status import FileCounts, WordTimes
from transcription_runner.batch.ledger import Written
from transcription_runner.batch.packing import Packing
from transcription_runner.batch.parallel import in_order
from transcription_runner.batch.sources import SourceFile
from transcription_runner.batch.tally import language_of, word_times_of

ENTRIES_AT_ONCE = 32
"""Entries that are asked for side by side: nothing else is done by then, and a run may have a million."""


class ManifestStream:
    """The manifest's JSON in parts; `totals` is complete once all parts were taken. Holds a few entries at a time."""

    def __init__(
        self,
        config: RunnerConfig,
        recipe_hash: str,
        files: Callable[[], Iterable[SourceFile]],
        known: Callable[[SourceFile], Written | None],
        entry_of: Callable[[SourceFile], Written | None],
        packing: Packing,
    ) -> None:
        """An entry that is not `known` is asked for, by `entry_of`. `packing` is given each."""
        self._config = config
        self._recipe_hash = recipe_hash
        self._files = files
        self._known, self._entry_of = known, entry_of
        self._packing = packing
        self.totals = RunTotals(files=FileCounts())

    def parts(self) -> Iterator[bytes]:
        """The content from its beginning. May be asked for again when an upload has to start over."""
        counts = {"total": 0, "succeeded": 0, "skipped": 0, "failed": 0}
        did = _Done()
        self._packing.begin()
        yield b'{"files":['
        for _, written in in_order(self._entry_of, self._files(), ENTRIES_AT_ONCE, self._known):
            if written is None:
                continue  # came into the source after the work was done; the next run's matter
            self._packing.add(written)
            entry = written.entry
            listed = manifest_file(entry, self._config.job.job_name)
            outcome = "skipped" if listed.skipped else str(listed.outcome)
            counts[outcome] += 1
            if outcome == "succeeded":
                did.add(entry)
            yield (b"," if counts["total"] else b"") + b"\n" + listed.model_dump_json(by_alias=True, exclude_none=True).encode()
            counts["total"] += 1
        self.totals = did.totals(FileCounts(**counts))
        yield b"],\n" + self._head()[1:]

    def _head(self) -> bytes:
        job = self._config.job
        manifest = Manifest(
            job=f"{job.namespace}/{job.name}",
            run_id=job.run_id,
            job_name=job.job_name,
            bucket=self._config.source.bucket,
            output_bucket=self._config.output.bucket,
            recipe_hash=self._recipe_hash,
            counts=self.totals.files,
            finished_at=datetime.now(UTC),
            files=[],
        )
        fields = manifest.wire()
        del fields["files"]
        return json.dumps(fields).encode()


class _Done:
    """What a run did, added up file by file."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._languages: Counter[str] = Counter()
        self._word_times: Counter[str] = Counter()

    def add(self, entry: LedgerEntry) -> None:
        self._seconds += entry.audio_seconds
        self._languages.update(language_of(entry))
        self._word_times.update(word_times_of(entry))

    def totals(self, files: FileCounts) -> RunTotals:
        return RunTotals(
            files=files,
            processed_seconds=round(self._seconds, 3),
            languages=known_languages(self._languages),
            word_times=WordTimes(**self._word_times),
        )


def manifest_file(entry: LedgerEntry, job_name: str) -> ManifestFile:
    """The ledger's entry as the manifest of the run `job_name` lists it."""
    return ManifestFile(
        key=entry.key,
        etag=entry.etag,
        outcome=entry.outcome,
        skipped=entry.worker.job_name != job_name and entry.outcome is Outcome.SUCCEEDED,
        reason=entry.reason,
        message=entry.message,
        outputs=entry.outputs,
        language=entry.language,
        audio_seconds=entry.audio_seconds,
        words=entry.words,
        estimated_words=entry.estimated_words,
        alignment=entry.alignment,
    )
