"""What a shard has done so far, and the report that it makes of it. Pure counting; safe to use from several threads."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock

from transcription_api.ledger import LedgerEntry, Outcome
from transcription_api.names import MAX_REPORTED_FAILURES
from transcription_api.report import MOST, MOST_ERROR, RunTotals, SeenSurvey, ShardReport, Worked, known_languages
from transcription_api.runner_config import JobReference
from transcription_api.status import MOST_BYTES, AudioSeconds, Failure, FileCounts, Ignored, Stage, WordTimes
from transcription_runner.batch.lengths import Lengths
from transcription_runner.batch.sources import SourceFile

_OVER = (Stage.FINISHED, Stage.INTERRUPTED, Stage.FAILED)


class Tally:
    """Counts for one shard of one run."""

    def __init__(self, job: JobReference, shard: int, pod_name: str, now: Callable[[], float] = time.monotonic) -> None:
        self._job, self._shard, self._pod_name = job, shard, pod_name
        self._now = now
        self._lock = Lock()
        self._surveyed_files = self._walked_files = self._skipped_files = 0
        self._lengths = Lengths()
        self._saw_all = False
        self._ignored: Counter[str] = Counter()
        self._succeeded = self._failed = 0
        self._processed = self._processed_by_itself = 0.0
        self._is_working = False
        self._first_progress: tuple[float, float] | None = None
        self._last_progress = 0.0
        self._in_flight: dict[str, float] = {}
        self._complete = False
        self._languages: Counter[str] = Counter()
        self._word_times: Counter[str] = Counter()
        self._failures: list[Failure] = []
        self._manifest: str | None = None
        self._run: RunTotals | None = None

    def surveyed(self, file: SourceFile) -> None:
        """A source object was counted ahead of the work."""
        with self._lock:
            self._surveyed_files += 1
            self._lengths.surveyed(file)

    def saw_all(self) -> None:
        """Every source object was counted."""
        with self._lock:
            self._saw_all = True

    def walked(self, file: SourceFile) -> None:
        """The work reached a source object for the first time."""
        with self._lock:
            self._walked_files += 1
            self._lengths.walked(file)

    def ignored(self, why: str) -> None:
        """The work passed an object that is no source file; `why` is a field of Ignored."""
        with self._lock:
            self._ignored[why] += 1

    def skipped(self, file: SourceFile, seconds: float) -> None:
        """An earlier run had done it, and found so many seconds of audio."""
        with self._lock:
            self._skipped_files += 1
            self._lengths.skipped(file, seconds)

    def opened(self, file: SourceFile, seconds: float) -> None:
        """A source object's length in seconds of audio became known, here or from another shard's entry."""
        with self._lock:
            self._lengths.opened(file, seconds)

    def unreadable(self, file: SourceFile) -> None:
        """A source object cannot be fetched: it adds no sound."""
        with self._lock:
            self._lengths.unreadable(file)

    def working(self) -> None:
        """The engine is loaded: from its first progress on, how fast it is can be told. Until then its stages fill."""
        with self._lock:
            self._is_working = True

    def going_on(self, key: str, seconds: float) -> None:
        """This many seconds of a file in work are done."""
        with self._lock:
            self._in_flight[key] = seconds
            self._progressed()

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
                if entry.worker.pod_name == self._pod_name:
                    self._processed_by_itself += entry.audio_seconds
                    self._progressed()
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
            self._complete = self._saw_all = True

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
                survey=self._survey(),
                worked=self._worked(),
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
        known = self._lengths.known_seconds
        total = known if self._complete else self._lengths.estimate().seconds
        return min(MOST, max(total, self._processed_seconds()))

    def _survey(self) -> SeenSurvey:
        found, done = self._lengths.found_bytes, self._lengths.skipped_bytes
        error = 0.0 if self._complete else round(min(MOST_ERROR, self._lengths.estimate().error), 4)
        return SeenSurvey(
            complete=self._saw_all,
            bytes=min(found, MOST_BYTES),
            done_bytes=min(done, MOST_BYTES),
            stretch_seconds=round(min(MOST, self._lengths.stretch_seconds), 1),
            kinds=self._lengths.kinds(),
            error=error,
        )

    def _progressed(self) -> None:
        self._last_progress = self._now()
        if self._is_working and self._first_progress is None:
            self._first_progress = self._last_progress, self._by_itself()

    def _by_itself(self) -> float:
        return self._processed_by_itself + sum(self._in_flight.values())

    def _worked(self) -> Worked | None:
        if self._first_progress is None:
            return None
        since, before = self._first_progress
        did = max(0.0, self._by_itself() - before)
        return Worked(audio_seconds=round(did, 3), seconds=round(self._last_progress - since, 3))


def language_of(entry: LedgerEntry) -> dict[str, int]:
    """What a transcribed file adds to the count of languages."""
    return {entry.language: 1} if entry.language else {}


def word_times_of(entry: LedgerEntry) -> dict[str, int]:
    """What a transcribed file adds to WordTimes; one without words adds nothing."""
    if not entry.segments:
        return {}
    return {entry.alignment or "none": 1, "words": entry.words, "estimated": entry.estimated_words}
