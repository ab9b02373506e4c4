"""What is going on at this moment, by namespace: worked out from the caches when Prometheus asks.

So nothing has to be remembered, and neither a restart nor a namespace that is gone leaves a false figure.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from transcription_api.status import Phase, Stage
from transcription_operator.caches import Caches
from transcription_operator.observed import ChildPod, Observed


class InWork(Collector):
    """Gauges of the jobs that are not over. The scrape comes from another thread and only reads."""

    def __init__(self, caches: Caches) -> None:
        self._caches = caches

    def collect(self) -> Iterable[Metric]:
        """The gauges as they are now. A namespace with nothing in work has no series."""
        files: Counter[str] = Counter()
        audio: defaultdict[str, float] = defaultdict(float)
        gpus: Counter[str] = Counter()
        pods: Counter[tuple[str, ...]] = Counter()
        for uid in self._caches.unsettled():
            observed = self._caches.observed(uid)
            if observed is None:  # settled meanwhile
                continue
            namespace, status = observed.resource.namespace, observed.resource.status
            if status.phase is Phase.RUNNING and status.files:
                done = status.files.succeeded + status.files.skipped + status.files.failed
                files[namespace] += max(0, status.files.total - done)
            if status.phase is Phase.RUNNING and status.audio_seconds:
                audio[namespace] += max(0.0, status.audio_seconds.total - status.audio_seconds.processed)
            if _takes_gpus(observed) and (held := sum(_is_on_a_node(pod) for pod in observed.pods)):
                gpus[namespace] += held
            pods.update((namespace, _stage(pod)) for pod in observed.pods if pod.phase == "Running")
        yield _gauge(
            "transcription_files_in_work", "Files of running jobs without a result yet, as far as they are found", _alone(files)
        )
        yield _gauge(
            "transcription_audio_in_work_seconds",
            "Audio that running jobs have yet to transcribe; what was not opened yet is estimated",
            _alone(audio),
        )
        yield _gauge("transcription_gpus_held", "Runner pods that hold a GPU: placed on a node and not ended", _alone(gpus))
        yield _gauge("transcription_pods", "Running runner pods by what they are doing", pods, "stage")


def _gauge(name: str, about: str, values: Mapping[tuple[str, ...], float], *labels: str) -> Metric:
    gauge = GaugeMetricFamily(name, about, labels=["namespace", *labels])
    for key, value in sorted(values.items()):
        gauge.add_metric(key, value)
    return gauge


def _alone(values: Mapping[str, float]) -> dict[tuple[str, ...], float]:
    return {(namespace,): value for namespace, value in values.items()}


def _takes_gpus(observed: Observed) -> bool:
    resource = observed.resource
    effective = resource.status.effective
    return effective is not None and effective.on_gpu and not resource.spec.get("estimateOnly")


def _is_on_a_node(pod: ChildPod) -> bool:
    """From then on the scheduler gives its GPU to nobody else."""
    return bool(pod.node) and pod.phase in ("Pending", "Running") and pod.termination is None


def _stage(pod: ChildPod) -> str:
    return ((pod.report.stage if pod.report else None) or Stage.STARTING).value
