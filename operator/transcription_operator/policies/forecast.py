"""When will the run be done, and what does it come to? The audio that is left, by the speed of the pods that are at work.

A pod's speed is what it transcribed itself since its first progress: loading, waiting for a GPU and pods that come later do not
make a run look slow. Earlier runs with the same settings count like some minutes of this run's own work, so the first figures
rest on them and the later ones on what is seen. As everything in figures.py, it follows from the reports and never from the
clock; and from one report to the next it stays as it is, whatever else is learnt meanwhile, so it causes no write of its own.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from transcription_api.effective import Effective
from transcription_api.report import ShardReport
from transcription_api.status import Forecast, Stage, TranscriptionJobStatus
from transcription_operator.policies.figures import Figures
from transcription_operator.policies.spent import Spent
from transcription_operator.settings import Price
from transcription_operator.speeds import EarlierRuns, Speeds

EARLIER_SECONDS = 300.0
"""Earlier runs count like so many seconds of one pod's work in this run."""
FILES_DIFFER = 0.5
"""How much a pod's speed differs from file to file, as a share of it: some are full of talk, some are nearly silent."""
AUDIO_ERROR = 0.25
"""Of a total whose pods do not say how sure they are."""
ERRORS = 2.5
"""How many standard errors the band is wide to either side. They are themselves known by a few files, so two are too few."""
LEAST_ERROR, MOST_ERROR = 0.05, 10.0
_LONGEST = timedelta(days=3650).total_seconds()


@dataclass(frozen=True, slots=True)
class RunSoFar:
    """A run that is under way."""

    figures: Figures
    reports: list[ShardReport]
    """Of all its pods, gone or not."""
    pods_at_work: int
    """Those that load their model are among them."""
    started: datetime | None
    running_seconds: float | None
    time: Spent


@dataclass(frozen=True, slots=True)
class Terms:
    """What else a forecast rests on."""

    effective: Effective
    price: Price
    speeds: Speeds

    @property
    def earlier(self) -> EarlierRuns | None:
        """Runs with the same settings; None: there were none."""
        return self.speeds.of(self.effective)


@dataclass(frozen=True, slots=True)
class _Speed:
    audio_by_second: float
    """Of all pods at work together."""
    error: float
    """A standard error, as a share."""
    source: str | None


def renewed(before: TranscriptionJobStatus, run: RunSoFar, terms: Terms) -> Forecast | None:
    """The forecast of a run that goes on. It is made anew with a new report, as long as a pod is there to go by."""
    told = max((shard.last_update_time for shard in before.shards or []), default=None)
    if before.forecast and (not run.pods_at_work or told == run.figures.reported_at):
        return before.forecast
    return forecast_of_run(run, terms)


def forecast_of_run(run: RunSoFar, terms: Terms) -> Forecast | None:
    """None while nothing is known to go by: before the source was seen to its end, something to do in it, or any speed."""
    audio, moment = run.figures.audio_seconds, run.figures.reported_at
    if audio is None or moment is None or (run.figures.survey and not run.figures.survey.complete):
        return None
    # A pod loads its model for the first file that is not done yet. Until then, all that it has yet to pass may be done.
    if all(report.stage is Stage.STARTING for report in run.reports):
        return None
    left = audio.total - audio.processed
    speed = _speed(run, terms.earlier)
    if speed is None or left <= 0:
        return None
    seconds, share_of_last_files = _seconds_for(left, run, speed)
    if seconds > _LONGEST:
        return None
    band = _band(_audio_error(run.figures) * audio.total / left, speed.error, share_of_last_files / ERRORS)

    def after(factor: float) -> datetime:
        return (moment + timedelta(seconds=min(_LONGEST, seconds * factor))).replace(microsecond=0)

    gpu_hours = (run.time.pod_seconds + seconds * run.pods_at_work) / 3600 if terms.effective.on_gpu else None
    return Forecast(
        audio_hours=round(audio.total / 3600, 2),
        start_time=run.started,
        end_time=after(1),
        earliest_end_time=after(1 / (1 + band)),
        latest_end_time=after(1 + band),
        duration_seconds=round((run.running_seconds or 0) + seconds),
        error_percent=round(100 * band),
        speed_from=speed.source,
        **_cost(gpu_hours, terms.price),
    )


def forecast_of_estimate(figures: Figures, pods: int, terms: Terms) -> Forecast | None:
    """Of a run that is only thought of, with so many pods; None where its source is not known to its end."""
    audio = figures.audio_seconds
    if audio is None or figures.survey is None or not figures.survey.complete:
        return None
    hours, earlier = round(audio.total / 3600, 2), terms.earlier
    if earlier is None or (pod_seconds := audio.total / earlier.speed) / pods > _LONGEST:
        return Forecast(audio_hours=hours, error_percent=round(100 * _band(_audio_error(figures))))
    return Forecast(
        audio_hours=hours,
        duration_seconds=round(pod_seconds / pods),
        error_percent=round(100 * _band(_audio_error(figures), earlier.error)),
        speed_from="EarlierRuns",
        **_cost(pod_seconds / 3600 if terms.effective.on_gpu else None, terms.price),
    )


def _speed(run: RunSoFar, earlier: EarlierRuns | None) -> _Speed | None:
    audio = run.figures.audio_seconds
    files = run.figures.files.succeeded if run.figures.files else 0
    if not any(report.survey for report in run.reports):  # an older runner: all that is known is the run as a whole
        running = run.running_seconds
        if audio is None or not audio.processed or running is None or running < 1:
            return None
        return _Speed(audio.processed / running, FILES_DIFFER / math.sqrt(max(1, files)), None)
    worked = [report.worked for report in run.reports if report.worked]
    did, seconds = sum(one.audio_seconds for one in worked), sum(one.seconds for one in worked)
    own = did >= 1 and seconds >= 1
    if not run.pods_at_work or not (own or earlier):
        return None
    sureness = max(1, files) / FILES_DIFFER**2
    if not own:
        did = seconds = sureness = 0.0
    if earlier:
        weight = min(EARLIER_SECONDS, earlier.pod_seconds)
        did, seconds, sureness = did + weight * earlier.speed, seconds + weight, sureness + earlier.error**-2
    source = "ThisAndEarlierRuns" if own and earlier else "ThisRun" if own else "EarlierRuns"
    return _Speed(did / seconds * run.pods_at_work, sureness**-0.5, source)


def _seconds_for(left: float, run: RunSoFar, speed: _Speed) -> tuple[float, float]:
    """Until the last pod is done, which is at its last file for longer than the pods are on an average; and what share that is,
    of which nobody knows more than the size.

    When the last file is taken each pod is somewhere in the middle of one. What is left of that is half a stretch on an average
    (the length of the file that a second of audio is in); the most that is left among n pods is the n-th harmonic number times
    as much, if what is left is distributed exponentially.
    """
    pods = max(1, run.pods_at_work)
    surest = min((report.survey for report in run.reports if report.survey), key=lambda one: one.error, default=None)
    stretch = surest.stretch_seconds if surest else 0.0
    longer = stretch / 2 * sum(1 / number for number in range(2, pods + 1))
    together, alone = left / speed.audio_by_second, left * pods / speed.audio_by_second
    seconds = min(alone, together + longer * pods / speed.audio_by_second)
    return seconds, 1 - together / seconds


def _audio_error(figures: Figures) -> float:
    return AUDIO_ERROR if figures.audio_error is None else figures.audio_error


def _band(*errors: float) -> float:
    return min(MOST_ERROR, max(LEAST_ERROR, ERRORS * math.hypot(*errors)))


def _cost(gpu_hours: float | None, price: Price) -> dict[str, Any]:
    if gpu_hours is None or not price.gpu_hour:
        return {"gpu_hours": None if gpu_hours is None else round(gpu_hours, 2)}
    return {
        "gpu_hours": round(gpu_hours, 2),
        "cost": round(gpu_hours * price.gpu_hour, 2),
        "currency": price.currency or None,
    }
