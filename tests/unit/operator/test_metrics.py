"""What is counted: each thing once, while it happens, and never more series than a Prometheus can bear."""

import asyncio
from datetime import datetime
from typing import cast

import pytest
from prometheus_client import CollectorRegistry

from tests.unit.operator.test_controller import Written
from tests.unit.operator.world import SETTINGS, START, Job, a_running_job, at
from transcription_api.status import Condition, ConditionType, Phase, Stage, TranscriptionJobStatus
from transcription_operator.cluster import Cluster
from transcription_operator.controller import Controller
from transcription_operator.metrics import MOST_REASONS, OTHER, Metrics
from transcription_operator.policies.gains import UNLISTED, Steps, Totals, steps, totals
from transcription_operator.presence import FORGOTTEN_AFTER, Presence

NOTHING = Steps({}, 0)


class Watched:
    """An operator, as Prometheus sees it. `restarted` is another one over the same cluster."""

    def __init__(self, job: Job) -> None:
        self.job, self.registry = job, CollectorRegistry()
        metrics = Metrics(self.registry, "test")
        self.controller = Controller(cast(Cluster, Written(job)), SETTINGS, metrics, lambda: after_every_report(job))

    def look(self) -> "Watched":
        self.controller.see_resource(self.job.raw)
        self.controller.see_job(self.job.child)
        for pod in self.job.pods.values():
            pod["metadata"]["resourceVersion"] = str(int(pod["metadata"]["resourceVersion"]) + 1)
            self.controller.see_pod(pod)
        asyncio.run(self.controller.process(self.job.raw["metadata"]["uid"]))
        return self

    def restarted(self) -> "Watched":
        return Watched(self.job)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, {"namespace": "team", **labels})


def after_every_report(job: Job) -> datetime:
    return max((datetime.fromisoformat(report["lastUpdateTime"]) for report in job.reports.values()), default=at(60))


@pytest.fixture
def unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is written at each look."""
    monkeypatch.setattr("transcription_operator.pacing.pause_for", lambda _: 0.0)


def failed(reason: str) -> TranscriptionJobStatus:
    condition = Condition(type=ConditionType.FAILED, status="True", reason=reason, last_transition_time=START)
    return TranscriptionJobStatus(phase=Phase.FAILED, conditions=[condition])


def samples(registry: CollectorRegistry, name: str) -> dict[tuple[str, ...], float]:
    found = [sample for metric in registry.collect() for sample in metric.samples if sample.name == name]
    return {tuple(sample.labels[label] for label in sorted(sample.labels)): sample.value for sample in found}


def test_reasons_that_pods_invent_do_not_make_ever_more_series() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry, "test")
    for number in range(3 * MOST_REASONS):
        metrics.count_end("team", failed(f"Reason{number}"))
        metrics.count_gains("team", Totals(failures={f"Fault{number}": 2}), NOTHING)
    metrics.count_end("team", failed("Reason0"))
    runs = samples(registry, "transcription_jobs_finished_total")
    assert len(runs) == MOST_REASONS + 1
    assert (runs["team", "Reason0", "failed"], runs["team", OTHER, "failed"]) == (2, 2 * MOST_REASONS)
    files = samples(registry, "transcription_file_failures_total")
    assert (len(files), files["team", OTHER]) == (MOST_REASONS + 1, 4 * MOST_REASONS)


@pytest.mark.usefixtures("unpaced")
def test_counters_move_while_a_run_goes_on() -> None:
    fault = {"key": "b.wav", "reason": "Undecodable"}
    job = a_running_job().with_shard(total=10, succeeded=2, audio=(60.0, 600.0))
    operator = Watched(job).look()
    assert operator.value("transcription_files_total", result="succeeded") == 2
    job.with_shard(reported=90, total=10, succeeded=5, failed=1, audio=(200.0, 600.0), failures=[fault], wordTimes={"none": 2})
    operator.look()
    assert operator.value("transcription_files_total", result="succeeded") == 5
    assert operator.value("transcription_audio_seconds_total") == 200
    assert operator.value("transcription_file_failures_total", reason="Undecodable") == 1
    assert operator.value("transcription_files_without_word_times_total") == 2
    assert operator.value("transcription_pod_stage_seconds_total", stage="Transcribing") == 30
    assert operator.value("transcription_gpu_seconds_total") == 90
    assert operator.value("transcription_files_in_work") == 4
    assert operator.value("transcription_audio_in_work_seconds") == 400


@pytest.mark.usefixtures("unpaced")
def test_a_restart_counts_nothing_twice() -> None:
    job = a_running_job().with_shard(total=10, succeeded=7, audio=(60.0, 600.0))
    Watched(job).look()
    job.with_shard(reported=90, total=10, succeeded=9, audio=(90.0, 600.0))
    after = Watched(job).look()
    assert after.value("transcription_files_total", result="succeeded") == 2
    assert after.value("transcription_audio_seconds_total") == 30
    assert after.restarted().look().value("transcription_files_total", result="succeeded") == 0


@pytest.mark.usefixtures("unpaced")
def test_sound_that_is_done_anew_after_a_pod_died_counts_once() -> None:
    job = a_running_job().with_shard(total=2, audio=(50.0, 100.0))
    operator = Watched(job).look()
    for moment, processed in ((70, 0.0), (80, 30.0), (90, 60.0)):
        job.with_shard(reported=moment, total=2, audio=(processed, 100.0))
        operator.look()
    assert operator.value("transcription_audio_seconds_total") == 60


@pytest.mark.usefixtures("unpaced")
def test_each_outage_of_the_store_counts_once_however_long_it_lasts() -> None:
    job = a_running_job().with_shard(total=2)
    operator = Watched(job).look()
    for number, stage in enumerate(["WaitingForStore", "WaitingForStore", "Transcribing", "WaitingForStore"]):
        job.with_shard(reported=70 + 10 * number, total=2, stage=stage)
        operator.look()
    assert operator.value("transcription_store_outages_total") == 2
    assert operator.value("transcription_pod_stage_seconds_total", stage="WaitingForStore") == 20
    assert operator.value("transcription_pods", stage="WaitingForStore") == 1


def test_a_report_from_the_future_counts_no_time() -> None:
    job = a_running_job().with_shard(total=2)
    Watched(job).look()
    stored = TranscriptionJobStatus.model_validate(job.raw["status"])
    shard = (stored.shards or [])[0]
    later = stored.model_copy(update={"shards": [shard.model_copy(update={"last_update_time": at(10**8)})]})
    assert steps(stored, later, at(100)).stage_seconds == {}


def test_failures_that_status_does_not_list_have_a_reason_of_their_own() -> None:
    status = TranscriptionJobStatus.model_validate(
        {"files": {"failed": 5}, "failures": [{"key": "a", "reason": "Undecodable"}, {"key": "b", "reason": "TooLong"}]}
    )
    assert totals(status).failures == {"Undecodable": 1, "TooLong": 1, UNLISTED: 3}


@pytest.mark.usefixtures("unpaced")
def test_a_gpu_is_held_from_its_pods_node_to_its_end() -> None:
    job = a_running_job(parallelism=2).with_shard(total=2).with_running_pod(1)
    for pod in job.pods.values():
        pod["spec"] = {"nodeName": "gpu-1"}
    operator = Watched(job).look()
    assert operator.value("transcription_gpus_held") == 2
    job.pod_ended(90)
    assert operator.look().value("transcription_gpus_held") == 1


def test_the_series_of_a_namespace_that_is_gone_end() -> None:
    registry = CollectorRegistry()
    now = [0.0]
    metrics = Metrics(registry, "test", Presence(lambda: now[0]))
    for namespace in ("gone", "team"):
        metrics.see_phase(f"uid-{namespace}", namespace, "Running")
        metrics.count_gains(namespace, Totals(files={"succeeded": 3}, failures={"TooLong": 1}), Steps({Stage.TRANSCRIBING: 9}, 1))
        metrics.count_end(namespace, failed("PodFailed"))
    metrics.lose("uid-gone")
    metrics.forget_the_gone()
    assert samples(registry, "transcription_files_total")["gone", "succeeded"] == 3, "what moved last is yet to be scraped"
    now[0] = FORGOTTEN_AFTER
    metrics.forget_the_gone()
    left = {sample.labels.get("namespace") for metric in registry.collect() for sample in metric.samples}
    assert left - {None} == {"team"}


def test_a_namespace_begins_at_zero_so_that_its_first_file_is_seen_as_a_step() -> None:
    registry = CollectorRegistry()
    Metrics(registry, "test").see_phase("uid", "team", "Pending")
    files = samples(registry, "transcription_files_total")
    assert files == {("team", result): 0 for result in ("succeeded", "skipped", "failed")}
    assert samples(registry, "transcription_jobs")["team", "Pending"] == 1
