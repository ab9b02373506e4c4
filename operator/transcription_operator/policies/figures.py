"""How far is the run? What its shards did, added up, and what it found to do.

Everything follows from the shards, the reports, their own times and the status so far, never from the clock, but that a report
from the future has no time: the same reports give the same figures, so looking again changes nothing and no status write causes
the next. What was counted once stays counted, though the pod that said it is gone; the pod that writes the manifest counts the
whole run anew, from the ledger.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from transcription_api.names import MAX_REPORTED_FAILURES
from transcription_api.report import RunTotals, ShardReport, known_languages
from transcription_api.status import (
    AudioSeconds,
    Failure,
    FileCounts,
    Ignored,
    Shard,
    Stage,
    Survey,
    TranscriptionJobStatus,
    WordTimes,
)
from transcription_operator.policies.audio import audio_of
from transcription_operator.policies.source import seen

CLOCKS_DIFFER = timedelta(minutes=5)
"""A report that is later than now by more was written by a wrong clock, or by somebody who lies: no time is counted by it."""


@dataclass(frozen=True, slots=True)
class Figures:
    """A run in numbers."""

    files: FileCounts | None = None
    ignored: Ignored | None = None
    survey: Survey | None = None
    audio_seconds: AudioSeconds | None = None
    audio_error: float | None = None
    """How far `audio_seconds.total` may be off: a standard error, as a share of it. None: no pod says."""
    languages: dict[str, int] | None = None
    word_times: WordTimes | None = None
    failures: list[Failure] | None = None
    manifest: str | None = None
    reported_at: datetime | None = None
    """When the latest report was written, of those that may be true."""
    finished_shards: frozenset[int] = frozenset()
    """Indexes whose pod reported that it is done."""

    @property
    def file_progress(self) -> str | None:
        """Files done of files found, `7/12`."""
        return f"{_done(self.files)}/{self.files.total}" if self.files else None

    @property
    def every_file_is_done(self) -> bool:
        """Whether each file has an outcome, be it a failure."""
        return self.files is not None and 0 < self.files.total == _done(self.files)


def add_up(shards: Sequence[Shard], reports: Sequence[ShardReport], before: TranscriptionJobStatus, now: datetime) -> Figures:
    """The figures of a run: `reports` are those of the pods that are there, `before` is this run's status so far."""
    if not shards:
        return Figures()
    whole = next((report.run for report in reports if report.run), None)
    files = _files(shards, reports, before.files or FileCounts(), whole)
    languages, word_times = _sums(shards, reports, before, whole)
    audio = audio_of(shards, reports, before, whole)
    return Figures(
        files=files,
        ignored=max((one for one in (before.ignored, *(report.ignored for report in reports)) if one), key=seen, default=None),
        survey=_survey(reports, before.survey),
        audio_seconds=audio.seconds,
        audio_error=audio.error,
        languages=known_languages(languages) or None,
        word_times=None if word_times == WordTimes() else word_times,
        failures=_failures(reports, before),
        manifest=next((report.manifest for report in reports if report.manifest), before.manifest),
        reported_at=max((time for shard in shards if (time := shard.last_update_time) <= now + CLOCKS_DIFFER), default=None),
        finished_shards=frozenset(shard.index for shard in shards if shard.stage is Stage.FINISHED),
    )


def _files(shards: Sequence[Shard], reports: Sequence[ShardReport], before: FileCounts, whole: RunTotals | None) -> FileCounts:
    """Shards' own counts add up; of their views of the whole, the largest counts."""
    counted = whole.files if whole else FileCounts()
    views = [report.files for report in reports]
    files = FileCounts(
        succeeded=max(before.succeeded, counted.succeeded, sum(shard.files.succeeded for shard in shards)),
        failed=max(before.failed, counted.failed, sum(shard.files.failed for shard in shards)),
        skipped=counted.skipped if whole else max(before.skipped, *(view.skipped for view in views), 0),
    )
    # Shards look at different moments: what is done was found by somebody, though the totals do not say so yet.
    found = counted.total if whole else max(before.total, *(view.total for view in views), 0)
    return files.model_copy(update={"total": max(_done(files), found)})


def _survey(reports: Sequence[ShardReport], before: Survey | None) -> Survey | None:
    """Of the pods' views, and what was known before, the widest: each looks through the whole source."""
    views = [view for view in (before, *(report.survey for report in reports)) if view]
    if not views:
        return None
    return Survey(
        complete=any(view.complete for view in views),
        bytes=max(view.bytes for view in views),
        done_bytes=max(view.done_bytes for view in views),
    )


def _sums(
    shards: Sequence[Shard], reports: Sequence[ShardReport], before: TranscriptionJobStatus, whole: RunTotals | None
) -> tuple[dict[str, int], WordTimes]:
    """Languages and word times. An index's pods count as one: the later found what the earlier did.

    As long as some shard's pods do not speak of all that it did, what was counted before stands where it is more.
    """
    if whole:
        return whole.languages, whole.word_times
    languages: dict[int, dict[str, int]] = {}
    words: dict[int, dict[str, int]] = {}
    told: dict[int, int] = {}
    for report in reports:
        languages[report.index] = _larger(languages.get(report.index, {}), report.languages)
        words[report.index] = _larger(words.get(report.index, {}), report.word_times.model_dump())
        told[report.index] = max(told.get(report.index, 0), report.files.succeeded)
    seen, counted = _added(languages.values()), _added(words.values())
    if any(told.get(shard.index, -1) < shard.files.succeeded for shard in shards):
        seen = _larger(before.languages or {}, seen)
        counted = _larger((before.word_times or WordTimes()).model_dump(), counted)
    return seen, WordTimes(**counted)


def _failures(reports: Iterable[ShardReport], before: TranscriptionJobStatus) -> list[Failure] | None:
    listed = {failure.key: failure for failure in before.failures or []}
    for report in reports:
        for failure in report.failures:
            listed.setdefault(failure.key, failure)
    return list(listed.values())[:MAX_REPORTED_FAILURES] or None


def _larger(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in one.keys() | other.keys()}


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return total


def percent(figures: Figures) -> str | None:
    """Audio done of all audio, rounded down and never 100% (the end says that); by files while no audio is known."""
    if not figures.files or not figures.audio_seconds:
        return None
    audio = figures.audio_seconds
    if audio.total > 0:
        share = audio.processed / audio.total
    elif figures.files.total > 0:
        share = _done(figures.files) / figures.files.total
    else:
        share = 0.0
    return f"{min(99, int(share * 100))}%"


def speed(figures: Figures, running: float | None) -> float | None:
    """Seconds of audio for each of the `running` seconds, to one decimal; None while nothing was done."""
    if not figures.audio_seconds or not figures.audio_seconds.processed or running is None or running < 1:
        return None
    return round(figures.audio_seconds.processed / running, 1)


def _done(files: FileCounts) -> int:
    return files.succeeded + files.skipped + files.failed
