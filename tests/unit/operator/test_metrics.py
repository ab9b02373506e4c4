"""What is counted: never more series than a Prometheus can bear, whatever pods say of their end."""

from prometheus_client import CollectorRegistry

from tests.unit.operator.world import START
from transcription_api.status import Condition, ConditionType, Phase, TranscriptionJobStatus
from transcription_operator.metrics import MOST_REASONS, OTHER, Metrics


def failed(reason: str) -> TranscriptionJobStatus:
    condition = Condition(type=ConditionType.FAILED, status="True", reason=reason, last_transition_time=START)
    return TranscriptionJobStatus(phase=Phase.FAILED, conditions=[condition])


def test_reasons_that_pods_invent_do_not_make_ever_more_series() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry, "test")
    for number in range(3 * MOST_REASONS):
        metrics.count_end("team", failed(f"Reason{number}"))
    metrics.count_end("team", failed("Reason0"))
    samples = [sample for metric in registry.collect() for sample in metric.samples if "jobs_finished_total" in sample.name]
    counted = {sample.labels["reason"]: sample.value for sample in samples}
    assert len(counted) == MOST_REASONS + 1
    assert (counted["Reason0"], counted[OTHER]) == (2, 2 * MOST_REASONS)
