"""What a shard has done so far, and the report that it makes of it. Pure counting; safe to use from several threads."""

from collections import Counter
from datetime import UTC, datetime
from threading import Lock

from transcription_api.ledger import LedgerEntry, Outcome
from transcription_api.names import MAX_REPORTED_FAILURES
from transcription_api.report import RunTotals, ShardReport, known_languages
from transcription_api.runner_config import JobReference
from transcription_api.status import AudioSeconds, Failure, FileCounts, Ignored, Stage, WordTimes

_OVER = (Stage.FINISHED, Stage.INTERRUPTED, Stage.FAILED)


class Tally:
    """Counts for one shard of one run."""

    def __init__(self, job: JobReference, shard: int, pod_name: str) -> None:
        self._job, self._shard, self._pod_name = job, shard, pod_name
        self._lock = Lock()
        self._surveyed_files = self._surveyed_bytes = self._walked_files = self._walked_bytes = 0
        self._skipped_files = self._skipped_bytes = 0
        self._ignored: Counter[str] = Counter()
        self._succeeded = self._failed = 0
        self._known_seconds, self._known_bytes = 0.0, 0
        self._processed = 0.0
        self._in_flight: dict[str, float] = {}
        self._complete = False
        self._languages: Counter[str] = Counter()
        self._word_times: Counter[str] = Counter()
        self._failures: list[Failure] = []
        self._manifest: str | None = None
        self._run: RunTotals | None = None

    def surveyed(self, size: int) -> None:
        """A source object was counted ahead of the work."""
        with self._lock:
            self._surveyed_files += 1
            self._surveyed_bytes += size

    def walked(self, size: int) -> None:
        """The work reached a source object for the first time."""
        with self._lock:
            self._walked_files += 1
            self._walked_bytes += size

    def ignored(self, why: str) -> None:
        """The work passed an object that is no source file; `why` is a field of Ignored."""
        with self._lock:
            self._ignored[why] += 1

    def skipped(self, size: int) -> None:
        """An earlier run had done it."""
        with self._lock:
            self._skipped_files += 1
            self._skipped_bytes += size

    def opened(self, size: int, seconds: float) -> None:
        """A source object's length in seconds of audio became known, here or from another shard's entry."""
        with self._lock:
            self._known_bytes += size
            self._known_seconds += seconds

    def going_on(self, key: str, seconds: float) -> None:
        """This many seconds of a file in work are done."""
        with self._lock:
            self._in_flight[key] = seconds

    def dropped(self, key: str) -> None:
        """A file in work is not this shard's any more."""
        with self._lock:
            self._in_flight.pop(key, None)

    def done(self, entry: LedgerEntry) -> None:
        """This shard ended a file in this run."""
        with self._lock:
            self._in_flight.pop(entry.key, None)
            if entry.outcome is Outcome.SUCCEEDED:
                self._succeeded += 1
                self._processed += entry.audio_seconds
                self._languages.update(language_of(entry))
                self._word_times.update(word_times_of(entry))
                return
            self._failed += 1
            if len(self._failures) < MAX_REPORTED_FAILURES:
                reason, message = (entry.reason or "Unknown")[:128], (entry.message or "")[:512]
                self._failures.append(Failure(key=entry.key[:1024], reason=reason, message=message))

    def completed(self, run: RunTotals, manifest: str) -> None:
        """The whole run is done and its manifest written; `run` is what it says."""
        with self._lock:
            self._walked_files = self._surveyed_files = run.files.total
            self._skipped_files = run.files.skipped
            self._manifest, self._run = manifest, run
            self._complete = True

    def report(self, stage: Stage, message: str, now: datetime | None = None) -> ShardReport:
        """What the pod says of itself. Once it is over, nothing is in work any more: somebody else does it anew."""
        with self._lock:
            if stage in _OVER:
                self._in_flight.clear()
            return ShardReport(
                index=self._shard,
                job_name=self._job.job_name,
                pod_name=self._pod_name,
                files=FileCounts(
                    total=max(self._surveyed_files, self._walked_files),
                    succeeded=self._succeeded,
                    skipped=self._skipped_files,
                    failed=self._failed,
                ),
                ignored=Ignored(**self._ignored),
                audio_seconds=AudioSeconds(total=round(self._total_seconds(), 3), processed=round(self._processed_seconds(), 3)),
                languages=known_languages(self._languages),
                word_times=WordTimes(**self._word_times),
                failures=list(self._failures),
                stage=stage,
                message=message[:1024],
                manifest=self._manifest,
                run=self._run,
                last_update_time=(now or datetime.now(UTC)).replace(microsecond=0),
            )

    def _processed_seconds(self) -> float:
        return self._processed + sum(self._in_flight.values())

    def _total_seconds(self) -> float:
        """What is known plus, for the rest, its bytes at the seconds a byte has held so far. Exact once nothing is left over."""
        if self._complete or not self._known_bytes:
            return max(self._known_seconds, self._processed_seconds())
        left = max(self._surveyed_bytes, self._walked_bytes) - self._skipped_bytes - self._known_bytes
        return max(self._known_seconds + max(0, left) * self._known_seconds / self._known_bytes, self._processed_seconds())


def language_of(entry: LedgerEntry) -> dict[str, int]:
    """What a transcribed file adds to the count of languages."""
    return {entry.language: 1} if entry.language else {}


def word_times_of(entry: LedgerEntry) -> dict[str, int]:
    """What a transcribed file adds to WordTimes; one without words adds nothing."""
    if not entry.segments:
        return {}
    return {entry.alignment or "none": 1, "words": entry.words, "estimated": entry.estimated_words}
