"""How far is the run? The shards' reports, added up.

Everything follows from the reports and their own times, never from the clock: the same reports give the same figures, so
looking again changes nothing and no status write causes the next.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from transcription_api.names import MAX_REPORTED_FAILURES
from transcription_api.status import AudioSeconds, Failure, FileCounts, Ignored, ShardReport, Stage, WordTimes
from transcription_operator.policies.source import seen


@dataclass(frozen=True, slots=True)
class Figures:
    """A run in numbers."""

    files: FileCounts | None = None
    ignored: Ignored | None = None
    audio_seconds: AudioSeconds | None = None
    languages: dict[str, int] | None = None
    word_times: WordTimes | None = None
    failures: list[Failure] | None = None
    manifest: str | None = None
    reported_at: datetime | None = None
    """When the latest report was written."""
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


def add_up(shards: Iterable[ShardReport], job_name: str) -> Figures:
    """The figures of the run `job_name`; reports of other runs do not count."""
    reports = sorted((shard for shard in shards if shard.job_name == job_name), key=lambda shard: shard.index)
    if not reports:
        return Figures()
    files = FileCounts(
        succeeded=sum(shard.files.succeeded for shard in reports),
        failed=sum(shard.files.failed for shard in reports),
        skipped=max(shard.files.skipped for shard in reports),
    )
    # Shards look at different moments: what is done was found by somebody, though the totals do not say so yet.
    total = max(_done(files), *(shard.files.total for shard in reports))
    processed = sum(shard.audio_seconds.processed for shard in reports)
    seconds = max(processed, *(shard.audio_seconds.total for shard in reports))
    languages: Counter[str] = Counter()
    for shard in reports:
        languages.update(shard.languages)
    failures = {failure.key: failure for shard in reports for failure in shard.failures}
    return Figures(
        files=files.model_copy(update={"total": total}),
        ignored=max((shard.ignored for shard in reports if shard.ignored), key=seen, default=None),
        audio_seconds=AudioSeconds(total=round(seconds, 1), processed=round(processed, 1)),
        languages=dict(sorted(languages.items())) or None,
        word_times=_word_times(reports),
        failures=list(failures.values())[:MAX_REPORTED_FAILURES] or None,
        manifest=next((shard.manifest for shard in reports if shard.manifest), None),
        reported_at=max(shard.last_update_time for shard in reports),
        finished_shards=frozenset(shard.index for shard in reports if shard.stage is Stage.FINISHED),
    )


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


def estimated_end(figures: Figures, running: float | None) -> datetime | None:
    """When the rest should be done at the speed of the `running` seconds so far, to the second."""
    if not figures.audio_seconds or not figures.audio_seconds.processed or running is None or not figures.reported_at:
        return None
    remaining = figures.audio_seconds.total - figures.audio_seconds.processed
    if running < 1 or remaining <= 0:
        return None
    seconds = running * remaining / figures.audio_seconds.processed
    return (figures.reported_at + timedelta(seconds=seconds)).replace(microsecond=0)


def _word_times(reports: list[ShardReport]) -> WordTimes | None:
    """None while no file with words is done."""
    each = [report.word_times for report in reports]
    total = WordTimes(
        ctc=sum(one.ctc for one in each),
        attention=sum(one.attention for one in each),
        none=sum(one.none for one in each),
        words=sum(one.words for one in each),
        estimated=sum(one.estimated for one in each),
    )
    return None if total == WordTimes() else total


def _done(files: FileCounts) -> int:
    return files.succeeded + files.skipped + files.failed
