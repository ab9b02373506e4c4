"""How much audio is there to do? What the pods know of the files' lengths, put together.

Each pod knows the files that it opened itself, a sixty-fourth of them beside sixty-three others, and estimates the rest. Together
they know all files that were opened: so the seconds by byte of each suffix are taken from what all of them saw.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from transcription_api.report import Kind, RunTotals, ShardReport
from transcription_api.status import AudioSeconds, Shard, TranscriptionJobStatus

_SUREST = 0.001
"""No pod counts as surer than this."""


@dataclass(frozen=True, slots=True)
class Audio:
    """Audio of a run."""

    seconds: AudioSeconds
    error: float | None = None
    """How far `seconds.total` may be off: a standard error, as a share of it. None: no pod says."""


def audio_of(
    shards: Sequence[Shard], reports: Sequence[ShardReport], before: TranscriptionJobStatus, whole: RunTotals | None
) -> Audio:
    """A pod that has yet to see as many files as were found has no say in what there is to do."""
    processed = whole.processed_seconds if whole else sum(shard.audio_seconds.processed for shard in shards)
    found = max(before.files.total if before.files else 0, *(report.files.total for report in reports), 0)
    views = [report for report in reports if report.files.total >= found or report.run]
    total, error = _to_do(views, whole) if views else (before.audio_seconds.total if before.audio_seconds else 0.0, None)
    return Audio(AudioSeconds(total=round(max(total, processed), 1), processed=round(processed, 1)), error)


def _to_do(views: Sequence[ShardReport], whole: RunTotals | None) -> tuple[float, float | None]:
    surveys = [view.survey for view in views if view.survey]
    knowing = [survey for survey in surveys if survey.kinds]
    if whole or len(knowing) < 2 or len(surveys) < len(views):
        # One pod alone, or an older runner beside others: nothing to put together.
        return max(view.audio_seconds.total for view in views), min((survey.error for survey in surveys), default=None)
    kinds: dict[str, list[Kind]] = {}
    for survey in knowing:
        for kind in survey.kinds:
            kinds.setdefault(kind.suffix, []).append(kind)
    estimates = [_put_together(sights) for sights in kinds.values()]
    total = sum(seconds for seconds, _ in estimates)
    return total, math.hypot(*(error for _, error in estimates)) / total if total else 0.0


def _put_together(sights: list[Kind]) -> tuple[float, float]:
    """Seconds in the files of a suffix, and a standard error of that."""
    widest = max(sights, key=lambda sight: sight.bytes)
    taught = [sight for sight in sights if sight.taught_bytes]
    if not taught or not widest.bytes:
        return widest.seconds, widest.seconds * widest.error
    rate = sum(sight.taught_seconds for sight in taught) / sum(sight.taught_bytes for sight in taught)
    error = sum(max(sight.error, _SUREST) ** -2 for sight in taught) ** -0.5
    left = max(0.0, 1 - sum(sight.opened_bytes for sight in sights) / widest.bytes)
    seconds = widest.bytes * rate
    return seconds, seconds * left * error
