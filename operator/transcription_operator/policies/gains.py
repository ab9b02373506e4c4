"""What does one write of status add to the counters? Pure: the difference between what it replaces and what it stores.

The status is the mark of what was counted. A write names the version that it replaces, so of all operators, before and after a
restart, one makes each step, and it alone counts it.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from transcription_api.status import Shard, Stage, TranscriptionJobStatus
from transcription_operator.policies.figures import CLOCKS_DIFFER

UNLISTED = "Unlisted"
"""The reason of failed files beyond those that status lists one by one."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a run has come to: figures that only grow while it goes on, but for the sound of files that are begun anew."""

    files: Mapping[str, float] = field(default_factory=dict)
    """By result: succeeded, skipped, failed."""
    failures: Mapping[str, float] = field(default_factory=dict)
    """Failed files by reason."""
    audio_seconds: float = 0.0
    gpu_seconds: float = 0.0
    files_without_word_times: float = 0.0

    def beyond(self, counted: "Totals") -> "Totals":
        """What is more here than there; nothing is less than nothing."""
        return Totals(
            files=_more(self.files, counted.files),
            failures=_more(self.failures, counted.failures),
            audio_seconds=max(0.0, self.audio_seconds - counted.audio_seconds),
            gpu_seconds=max(0.0, self.gpu_seconds - counted.gpu_seconds),
            files_without_word_times=max(0.0, self.files_without_word_times - counted.files_without_word_times),
        )

    def or_more(self, other: "Totals") -> "Totals":
        """Of each figure the larger one."""
        return Totals(
            files=_larger(self.files, other.files),
            failures=_larger(self.failures, other.failures),
            audio_seconds=max(self.audio_seconds, other.audio_seconds),
            gpu_seconds=max(self.gpu_seconds, other.gpu_seconds),
            files_without_word_times=max(self.files_without_word_times, other.files_without_word_times),
        )


@dataclass(frozen=True, slots=True)
class Steps:
    """What pods went through between two writes."""

    stage_seconds: Mapping[Stage, float]
    """Of all pods together, by the stage that they were in."""
    store_outages: int
    """Pods that began to wait for their store."""


def totals(status: TranscriptionJobStatus) -> Totals:
    """What the run has come to, as its status says."""
    files = status.files
    listed = Counter(failure.reason for failure in status.failures or [])
    unlisted = max(0, files.failed - listed.total()) if files else 0
    return Totals(
        files={"succeeded": files.succeeded, "skipped": files.skipped, "failed": files.failed} if files else {},
        failures={**listed, UNLISTED: listed[UNLISTED] + unlisted} if unlisted else dict(listed),
        audio_seconds=status.audio_seconds.processed if status.audio_seconds else 0.0,
        gpu_seconds=status.gpu_seconds or 0.0,
        files_without_word_times=status.word_times.none if status.word_times else 0,
    )


def steps(before: TranscriptionJobStatus, after: TranscriptionJobStatus, now: datetime) -> Steps:
    """From one status of a run to a later one. A report from the future counts no time, nor one from before the run's
    start: it would be anybody's invention."""
    known = {shard.index: shard for shard in before.shards or []}
    seconds: defaultdict[Stage, float] = defaultdict(float)
    outages = 0
    for shard in after.shards or []:
        earlier = known.get(shard.index)
        was_there = earlier is not None and earlier.pod_name == shard.pod_name
        if earlier and was_there and earlier.last_update_time < shard.last_update_time <= now + CLOCKS_DIFFER:
            since = max(earlier.last_update_time, after.start_time or earlier.last_update_time)
            seconds[stage_of(earlier)] += max(0.0, (shard.last_update_time - since).total_seconds())
        if shard.stage is Stage.WAITING_FOR_STORE and not (earlier and was_there and earlier.stage is Stage.WAITING_FOR_STORE):
            outages += 1
    return Steps(seconds, outages)


def stage_of(shard: Shard) -> Stage:
    """The stage of a shard's pod; before it says so it is starting."""
    return shard.stage or Stage.STARTING


def _more(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {name: value - other.get(name, 0) for name, value in one.items() if value > other.get(name, 0)}


def _larger(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in one.keys() | other.keys()}
