"""How fast were earlier runs with the same settings? Learnt from the statuses of runs that succeeded, whenever one is seen.

Nothing is stored: after a restart the table is what the listing shows. For each combination of settings the longest runs are
kept, one entry a run however often it is seen, so the same jobs in any order give the same table. The longest, since loading a
model takes a short run most of its time, and says nothing of a long one.
"""

import json
import math
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256

from transcription_api.effective import Effective
from transcription_api.report import MOST
from transcription_api.status import Phase, TranscriptionJobStatus

MOST_SETTINGS, MOST_RUNS = 256, 8
SPEEDS_DIFFER = 0.3
"""How much runs with the same settings differ in speed, as a share, where there are too few to tell."""
LONG_SECONDS = 600.0
"""Pods that worked for less, all runs together, were loading models for much of it."""
_SHAPES_SPEED = frozenset(
    {"model", "recipe", "device", "gpu_resource", "resource_claim_template_name", "node_selector", "runtime_class_name"}
    | {"requests", "limits", "image", "env"}
)


@dataclass(frozen=True, slots=True)
class EarlierRuns:
    """What they did together."""

    audio_seconds: float
    pod_seconds: float
    error: float
    """How far another run's speed may be from theirs: a standard error, as a share."""

    @property
    def speed(self) -> float:
        """Seconds of audio for each second of one pod."""
        return self.audio_seconds / self.pod_seconds


def settings_hash(effective: Effective) -> str:
    """Of everything that decides how fast a pod is."""
    chosen = effective.model_dump(mode="json", by_alias=True, exclude_none=True, include=set(_SHAPES_SPEED))
    return sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()[:16]


class Speeds:
    """Of the last MOST_SETTINGS combinations of settings that were seen, the MOST_RUNS longest runs."""

    def __init__(self) -> None:
        self._runs: OrderedDict[str, dict[str, tuple[float, float]]] = OrderedDict()

    def learn(self, uid: str, status: TranscriptionJobStatus) -> None:
        """Remember the run that `status` speaks of, if it ended well and took long enough to tell anything."""
        effective, audio = status.effective, status.audio_seconds
        if status.phase is not Phase.SUCCEEDED or effective is None or audio is None or not 1 <= audio.processed <= MOST:
            return
        # Without GPUs nobody counts each pod's time: all pods are taken to have run all the time.
        seconds = status.gpu_seconds if effective.on_gpu else (status.active_seconds or 0) * max(1, len(status.shards or []))
        if seconds is None or not 1 <= seconds <= MOST:
            return
        name = settings_hash(effective)
        runs = self._runs.pop(name, {})
        runs[f"{uid}/{status.job_name}"] = (audio.processed, seconds)
        longest = sorted(runs.items(), key=lambda one: (-one[1][1], one[0]))[:MOST_RUNS]
        self._runs[name] = dict(longest)
        if len(self._runs) > MOST_SETTINGS:
            self._runs.popitem(last=False)

    def of(self, effective: Effective) -> EarlierRuns | None:
        """What is known of runs with these settings."""
        runs = self._runs.get(settings_hash(effective))
        if not runs:
            return None
        audio, seconds = (sum(column) for column in zip(*runs.values(), strict=True))
        error = _spread(list(runs.values()), audio / seconds)
        return EarlierRuns(audio, seconds, error if seconds >= LONG_SECONDS else max(1.0, error))


def _spread(runs: list[tuple[float, float]], speed: float) -> float:
    if len(runs) < 3:
        return SPEEDS_DIFFER
    total = sum(seconds for _, seconds in runs)
    strayed = sum(seconds * (audio / seconds / speed - 1) ** 2 for audio, seconds in runs) / total
    return max(0.05, math.sqrt(strayed))
