"""What Prometheus scrapes. Labels are bounded: namespaces, phases, reasons; never a job's name. A reason may be a pod's own word,
and so anybody's: beyond the MOST_REASONS first ones it is OTHER.

What a run has come to is counted with each status write, as the difference that it makes (decision 0034): such a write is made
once, by one operator, so nothing is counted twice. A namespace that has been empty for an hour loses its series.
"""

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.registry import Collector

from transcription_api.status import ConditionType, TranscriptionJobStatus
from transcription_operator.policies.conditions import condition
from transcription_operator.policies.gains import Steps, Totals
from transcription_operator.presence import Presence

_DURATIONS = (10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 28800, 86400, 172800)
_WAITS = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 14400, 86400)
_SPEEDS = (0.5, 1, 2, 5, 10, 20, 40, 60, 80, 120, 200, 400, 800)

MOST_REASONS = 100
OTHER = "Other"
_RESULTS = ("succeeded", "skipped", "failed")


class Metrics:
    """All metrics of the operator, but for those of the jobs in work (InWork)."""

    def __init__(self, registry: CollectorRegistry, version: str, presence: Presence | None = None) -> None:
        self._registry = registry
        self._presence = presence or Presence()
        registry.register(self._presence)
        self.finished = Counter(
            "transcription_jobs_finished", "Runs that ended", ["namespace", "result", "reason"], registry=registry
        )
        self.files = Counter("transcription_files", "Files with a result", ["namespace", "result"], registry=registry)
        self.failures = Counter(
            "transcription_file_failures",
            "Failed files by reason; Unlisted: beyond those that a job's status lists one by one",
            ["namespace", "reason"],
            registry=registry,
        )
        self.no_word_times = Counter(
            "transcription_files_without_word_times",
            "Files with text whose words have no times",
            ["namespace"],
            registry=registry,
        )
        self.audio = Counter("transcription_audio_seconds", "Audio transcribed", ["namespace"], registry=registry)
        self.gpu = Counter("transcription_gpu_seconds", "Time for which pods held a GPU", ["namespace"], registry=registry)
        self.stages = Counter(
            "transcription_pod_stage_seconds",
            "Time of runner pods, by what they were doing, as their reports show",
            ["namespace", "stage"],
            registry=registry,
        )
        self.outages = Counter(
            "transcription_store_outages", "Times that a runner pod began to wait for its store", ["namespace"], registry=registry
        )
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
        self._run_reasons: set[str] = set()
        self._file_reasons: set[str] = set()
        self._by_namespace = (
            *(self.finished, self.files, self.failures, self.no_word_times, self.audio, self.gpu, self.stages, self.outages),
            *(self.wait, self.duration, self.speed, self.missed_runs),
        )

    def add(self, collector: Collector) -> None:
        """Export what `collector` finds when it is asked, too."""
        self._registry.register(collector)

    def see_phase(self, uid: str, namespace: str, phase: str) -> None:
        """A TranscriptionJob is in `phase` now."""
        if self._presence.see_phase(uid, namespace, phase):
            self._begin(namespace)

    def lose(self, uid: str) -> None:
        """A TranscriptionJob is gone."""
        self._presence.lose(uid)

    def see_schedule(self, uid: str, namespace: str) -> None:
        """A TranscriptionSchedule is there."""
        if self._presence.see_schedule(uid, namespace):
            self._begin(namespace)

    def lose_schedule(self, uid: str) -> None:
        """A TranscriptionSchedule is gone."""
        self._presence.lose_schedule(uid)

    def forget_the_gone(self) -> None:
        """End the series of namespaces that have had no object for long."""
        for namespace in self._presence.forgotten():
            for metric in self._by_namespace:
                metric.remove_by_labels({"namespace": namespace})

    def count_start(self, namespace: str, waiting_since: datetime, started: datetime) -> None:
        """A run's first pod has started."""
        self.wait.labels(namespace).observe(max(0.0, (started - waiting_since).total_seconds()))

    def count_end(self, namespace: str, status: TranscriptionJobStatus) -> None:
        """A run has ended with `status`."""
        complete = condition(status.conditions, ConditionType.COMPLETE)
        outcome = complete or condition(status.conditions, ConditionType.FAILED)
        result = "succeeded" if complete else "failed"
        reason = _bounded(outcome.reason, self._run_reasons) if outcome else ""
        self.finished.labels(namespace, result, reason).inc()
        if status.real_time_factor:
            self.speed.labels(namespace).observe(status.real_time_factor)
        if status.start_time and status.completion_time:
            seconds = max(0.0, (status.completion_time - status.start_time).total_seconds())
            self.duration.labels(namespace, result).observe(seconds)

    def count_gains(self, namespace: str, gained: Totals, steps: Steps) -> None:
        """A status write has told so much more than the one before it."""
        for result, number in gained.files.items():
            self.files.labels(namespace, result).inc(number)
        for reason, number in gained.failures.items():
            self.failures.labels(namespace, _bounded(reason, self._file_reasons)).inc(number)
        for stage, seconds in steps.stage_seconds.items():
            self.stages.labels(namespace, stage.value).inc(seconds)
        self.no_word_times.labels(namespace).inc(gained.files_without_word_times)
        self.audio.labels(namespace).inc(gained.audio_seconds)
        self.gpu.labels(namespace).inc(gained.gpu_seconds)
        self.outages.labels(namespace).inc(steps.store_outages)

    def _begin(self, namespace: str) -> None:
        """From zero, so that the first step of a series is seen as one."""
        for result in _RESULTS:
            self.files.labels(namespace, result)
        for result in ("succeeded", "failed"):
            self.duration.labels(namespace, result)
        for metric in (self.no_word_times, self.audio, self.gpu, self.outages, self.wait, self.missed_runs):
            metric.labels(namespace)


def _bounded(reason: str, known: set[str]) -> str:
    if len(known) < MOST_REASONS:
        known.add(reason)
    return reason if reason in known else OTHER
