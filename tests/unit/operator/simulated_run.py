"""Runs on paper: files of mixed lengths and formats, pods that take them in listing order, and what the pods report on the way.

What pods report is made by the runner's own tally and what status says by the operator's own reconcile; only files, speeds and
the clock are invented.
"""

import heapq
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.unit.operator.world import START, Job, a_job
from transcription_api.ledger import LedgerEntry, Outcome, Worker
from transcription_api.runner_config import JobReference
from transcription_api.status import Stage
from transcription_runner.batch.sources import SourceFile
from transcription_runner.batch.tally import Tally

BIT_RATES = {
    "wav": (128, 256, 512, 705, 1411),
    "mp3": (32, 64, 128, 192, 320),
    "m4a": (64, 96, 128),
    "ogg": (24, 48, 96),
    "mp4": (400, 1500, 5000),
}
"""Kilobits a second that are met with. A source has some of each: recordings come from devices, and devices differ."""


@dataclass(frozen=True)
class Recording:
    """A file, and what nobody knows of it yet."""

    file: SourceFile
    seconds: float
    talk: float
    """How long it takes, by the length of an ordinary recording: some are silent."""


@dataclass(frozen=True)
class Work:
    """One file on one pod."""

    recording: Recording
    shard: int
    began: float
    ended: float


def corpus(seed: int, files: int = 600, *, spread: float = 1.0, sorted_by_format: bool = False) -> list[Recording]:
    """Lengths by a lognormal distribution around four minutes, from two to five formats, in the order of the listing."""
    chance = random.Random(seed)
    formats = chance.sample(sorted(BIT_RATES), chance.randint(2, len(BIT_RATES)))
    rates = {suffix: chance.sample(BIT_RATES[suffix], chance.randint(1, 2)) for suffix in formats}
    recordings = []
    for number in range(files):
        suffix = chance.choice(formats)
        seconds = chance.lognormvariate(5.5, spread)
        size = int(seconds * chance.choice(rates[suffix]) * 125 * chance.lognormvariate(0, 0.05)) + 1000
        recordings.append(Recording(SourceFile(f"in/{number:05}.{suffix}", size), seconds, chance.lognormvariate(0, 0.3)))
    if sorted_by_format:
        recordings.sort(key=lambda one: one.file.key.rpartition(".")[2])
    return recordings


class SimulatedRun:
    """A run over `recordings` by pods that come one after the other, load a model, and take the next file when they are done."""

    def __init__(
        self, recordings: list[Recording], seed: int, *, pods: int = 1, speed: float = 60, load: float = 45, late: float = 60
    ) -> None:
        chance = random.Random(seed)
        self._recordings, self._pods = recordings, pods
        self._loaded = [load + chance.uniform(0, late) for _ in range(pods)]
        self._speeds = [speed * chance.lognormvariate(0, 0.05) for _ in range(pods)]
        self._works = self._played()
        self.end = max(work.ended for work in self._works)

    def _played(self) -> list[Work]:
        free = [(moment, index) for index, moment in enumerate(self._loaded)]
        heapq.heapify(free)
        works = []
        for recording in self._recordings:
            moment, index = heapq.heappop(free)
            ended = moment + recording.seconds * recording.talk / self._speeds[index] + 0.3
            works.append(Work(recording, index, moment, ended))
            heapq.heappush(free, (ended, index))
        return works

    def when_done(self, share: float) -> float:
        """The moment at which so large a share of the files is done."""
        return sorted(work.ended for work in self._works)[max(0, round(share * len(self._works)) - 1)]

    def job_at(self, moment: float, **spec: Any) -> Job:
        """The job as the operator leaves it when all pods have reported at `moment`."""
        job = a_job().asking(parallelism=self._pods, **spec).reconciled()
        for index in range(self._pods):
            job.with_running_pod(index)
        job.reconciled(0)
        for index in range(self._pods):
            report = self._tally_at(job, index, moment).report(Stage.TRANSCRIBING, "", START + timedelta(seconds=moment)).wire()
            files, audio = report["files"], report["audioSeconds"]
            views = {name: report[name] for name in ("survey", "worked") if name in report}
            job.with_shard(index, reported=moment, **files, audio=(audio["processed"], audio["total"]), **views)
        return job.reconciled(moment)

    def _tally_at(self, job: Job, index: int, moment: float) -> Tally:
        clock = [0.0]
        reference = JobReference(namespace="team", name="calls", uid="u", job_name=job.job_name, parallelism=self._pods)
        worker = Worker(job_name=job.job_name, shard=index, pod_name=f"pod-{index}")
        tally = Tally(reference, index, worker.pod_name, lambda: clock[0])
        for recording in self._recordings:
            tally.surveyed(recording.file)
        tally.saw_all()
        if self._loaded[index] <= moment:
            clock[0] = self._loaded[index]
            tally.working()
        for work in (work for work in self._works if work.shard == index and work.began < moment):
            recording = work.recording
            tally.opened(recording.file, recording.seconds)
            clock[0] = min(moment, work.ended)
            if work.ended > moment:
                tally.going_on(recording.file.key, recording.seconds * (moment - work.began) / (work.ended - work.began))
                continue
            tally.done(
                LedgerEntry(
                    bucket="calls",
                    key=recording.file.key,
                    etag="e",
                    recipe_hash="h",
                    outcome=Outcome.SUCCEEDED,
                    audio_seconds=recording.seconds,
                    worker=worker,
                    finished_at=START,
                )
            )
        return tally


@dataclass(frozen=True)
class Miss:
    """How far a forecast was off."""

    of_the_end: float
    """As a share of the whole run's time; above 0 the end was told too late."""
    in_band: bool
    error_percent: int


def miss_of(run: SimulatedRun, share: float) -> Miss:
    """What status foretells when so large a share of the files is done, beside what comes."""
    told = run.job_at(run.when_done(share)).status["forecast"]
    earliest, end, latest = (
        (datetime.fromisoformat(told[name]) - START).total_seconds() for name in ("earliestEndTime", "endTime", "latestEndTime")
    )
    return Miss((end - run.end) / run.end, earliest <= run.end <= latest, told["errorPercent"])
