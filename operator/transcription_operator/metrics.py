"""What Prometheus scrapes. Labels are bounded: namespaces, phases, reasons; never a job's name. A reason may be a pod's own word,
and so anybody's: beyond the MOST_REASONS first ones it is OTHER.

The figures of a run are counted with the status write that ends it, which one operator makes once: a restart counts nothing
twice.
"""

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info

from transcription_api.status import ConditionType, TranscriptionJobStatus
from transcription_operator.policies.conditions import condition

_DURATIONS = (10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 28800, 86400, 172800)
_WAITS = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 14400, 86400)
_SPEEDS = (0.5, 1, 2, 5, 10, 20, 40, 60, 80, 120, 200, 400, 800)

MOST_REASONS = 100
OTHER = "Other"


class Metrics:
    """All metrics of the operator."""

    def __init__(self, registry: CollectorRegistry, version: str) -> None:
        self.jobs = Gauge("transcription_jobs", "TranscriptionJobs by phase", ["namespace", "phase"], registry=registry)
        self.finished = Counter(
            "transcription_jobs_finished", "Runs that ended", ["namespace", "result", "reason"], registry=registry
        )
        self.files = Counter("transcription_files", "Files of ended runs", ["namespace", "result"], registry=registry)
        self.audio = Counter("transcription_audio_seconds", "Audio transcribed by ended runs", ["namespace"], registry=registry)
        self.gpu = Counter("transcription_gpu_seconds", "GPU time held by ended runs", ["namespace"], registry=registry)
        self.wait = Histogram(
            "transcription_queue_wait_seconds",
            "From the beginning of a run to the start of its first pod",
            ["namespace"],
            buckets=_WAITS,
            registry=registry,
        )
        self.duration = Histogram(
            "transcription_run_duration_seconds",
            "From the start of a run's first pod to its end",
            ["namespace", "result"],
            buckets=_DURATIONS,
            registry=registry,
        )
        self.speed = Histogram(
            "transcription_real_time_factor",
            "Seconds of audio for each second of an ended run",
            ["namespace"],
            buckets=_SPEEDS,
            registry=registry,
        )
        self.schedules = Gauge("transcription_schedules", "TranscriptionSchedules", ["namespace"], registry=registry)
        self.missed_runs = Counter(
            "transcription_schedule_missed_runs",
            "Runs of schedules that were not begun in time; of more than a hundred at once, a hundred",
            ["namespace"],
            registry=registry,
        )
        self.reconcile = Histogram("transcription_operator_reconcile_seconds", "Time to decide and to write", registry=registry)
        self.errors = Counter("transcription_operator_reconcile_errors", "Failed reconciles, each tried again", registry=registry)
        self.refusals = Counter(
            "transcription_operator_api_refusals",
            "Requests that the API server refused because it had too much to do (429), each made again",
            registry=registry,
        )
        self.events_delivered = Counter(
            "transcription_operator_cloudevents_delivered", "CloudEvents that the sink took", registry=registry
        )
        self.events_failed = Counter(
            "transcription_operator_cloudevents_failed_attempts",
            "Attempts to deliver a CloudEvent that failed, each made again unless it is given up",
            ["cause"],
            registry=registry,
        )
        self.events_given_up = Counter(
            "transcription_operator_cloudevents_given_up",
            "CloudEvents that were given up",
            ["cause"],
            registry=registry,
        )
        self.events_pending = Gauge(
            "transcription_operator_cloudevents_pending", "CloudEvents that wait to be delivered", registry=registry
        )
        self.queue = Gauge("transcription_operator_queue_depth", "Objects waiting to be looked at", ["kind"], registry=registry)
        Info("transcription_operator_build", "The operator's version", registry=registry).info({"version": version})
        self._reasons: set[str] = set()
        self._phases: dict[str, tuple[str, str]] = {}
        self._schedules: dict[str, str] = {}

    def see_phase(self, uid: str, namespace: str, phase: str) -> None:
        """A TranscriptionJob is in `phase` now."""
        self.lose(uid)
        self._phases[uid] = (namespace, phase)
        self.jobs.labels(namespace, phase).inc()

    def lose(self, uid: str) -> None:
        """A TranscriptionJob is gone."""
        before = self._phases.pop(uid, None)
        if before:
            self.jobs.labels(*before).dec()

    def see_schedule(self, uid: str, namespace: str) -> None:
        """A TranscriptionSchedule is there."""
        if uid not in self._schedules:
            self._schedules[uid] = namespace
            self.schedules.labels(namespace).inc()

    def lose_schedule(self, uid: str) -> None:
        """A TranscriptionSchedule is gone."""
        if namespace := self._schedules.pop(uid, None):
            self.schedules.labels(namespace).dec()

    def count_start(self, namespace: str, waiting_since: datetime, started: datetime) -> None:
        """A run's first pod has started."""
        self.wait.labels(namespace).observe(max(0.0, (started - waiting_since).total_seconds()))

    def count_end(self, namespace: str, status: TranscriptionJobStatus) -> None:
        """A run has ended with `status`."""
        complete = condition(status.conditions, ConditionType.COMPLETE)
        outcome = complete or condition(status.conditions, ConditionType.FAILED)
        result = "succeeded" if complete else "failed"
        self.finished.labels(namespace, result, self._label(outcome.reason) if outcome else "").inc()
        if status.files:
            for name in ("succeeded", "skipped", "failed"):
                self.files.labels(namespace, name).inc(getattr(status.files, name))
        if status.audio_seconds:
            self.audio.labels(namespace).inc(status.audio_seconds.processed)
        if status.real_time_factor:
            self.speed.labels(namespace).observe(status.real_time_factor)
        if status.start_time and status.completion_time:
            seconds = max(0.0, (status.completion_time - status.start_time).total_seconds())
            self.duration.labels(namespace, result).observe(seconds)
        if status.gpu_seconds:
            self.gpu.labels(namespace).inc(status.gpu_seconds)

    def _label(self, reason: str) -> str:
        if len(self._reasons) < MOST_REASONS:
            self._reasons.add(reason)
        return reason if reason in self._reasons else OTHER
