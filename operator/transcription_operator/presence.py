"""What is there, by namespace: TranscriptionJobs by phase, and schedules. A namespace that has none has no series."""

import time
from collections import Counter
from collections.abc import Callable, Iterable

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from transcription_api.status import Phase

FORGOTTEN_AFTER = 3600.0
"""Seconds for which a namespace without any object keeps its counters: what moved last is scraped by then."""


class Presence(Collector):
    """Objects by their uid. The scrape comes from another thread: it reads copies that one step of the interpreter makes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._phases: dict[str, tuple[str, str]] = {}
        self._schedules: dict[str, str] = {}
        self._objects: Counter[str] = Counter()
        self._jobs: Counter[tuple[str, str]] = Counter()
        self._left: dict[str, float] = {}

    def see_phase(self, uid: str, namespace: str, phase: str) -> bool:
        """A TranscriptionJob is in `phase` now. True: its namespace had no object before."""
        before = self._phases.get(uid)
        if before == (namespace, phase):
            return False
        is_new = before is None and self._enter(namespace)
        if before:
            self._jobs[before] -= 1
        self._phases[uid] = (namespace, phase)
        self._jobs[namespace, phase] += 1
        return is_new

    def lose(self, uid: str) -> None:
        """A TranscriptionJob is gone."""
        if before := self._phases.pop(uid, None):
            self._jobs[before] -= 1
            self._leave(before[0])

    def see_schedule(self, uid: str, namespace: str) -> bool:
        """A TranscriptionSchedule is there. True: its namespace had no object before."""
        if uid in self._schedules:
            return False
        self._schedules[uid] = namespace
        return self._enter(namespace)

    def lose_schedule(self, uid: str) -> None:
        """A TranscriptionSchedule is gone."""
        if namespace := self._schedules.pop(uid, None):
            self._leave(namespace)

    def forgotten(self) -> list[str]:
        """Namespaces in which nothing has been for long; each is told once."""
        now = self._clock()
        gone = [namespace for namespace, since in self._left.items() if now - since >= FORGOTTEN_AFTER]
        for namespace in gone:
            del self._left[namespace]
        return gone

    def collect(self) -> Iterable[Metric]:
        """The gauges as they are now: every phase of a namespace that has a job, so that an empty one is a zero."""
        jobs = GaugeMetricFamily("transcription_jobs", "TranscriptionJobs by phase", labels=["namespace", "phase"])
        counted = dict(self._jobs)
        for namespace in sorted({namespace for (namespace, _), count in counted.items() if count}):
            for phase in Phase:
                jobs.add_metric([namespace, phase.value], counted.get((namespace, phase.value), 0))
        yield jobs
        schedules = GaugeMetricFamily("transcription_schedules", "TranscriptionSchedules", labels=["namespace"])
        for namespace, count in sorted(Counter(list(self._schedules.values())).items()):
            schedules.add_metric([namespace], count)
        yield schedules

    def _enter(self, namespace: str) -> bool:
        self._left.pop(namespace, None)
        self._objects[namespace] += 1
        return self._objects[namespace] == 1

    def _leave(self, namespace: str) -> None:
        self._objects[namespace] -= 1
        if not self._objects[namespace]:
            del self._objects[namespace]
            for phase in Phase:
                self._jobs.pop((namespace, phase.value), None)
            self._left[namespace] = self._clock()
