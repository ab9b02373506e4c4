"""Time on the real API server: suspended time and waiting for a GPU are no running time."""

import time
from collections.abc import Callable
from pathlib import Path

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import Operator, eventually
from tests.integration.operator.pods import Runner, Transcription


def gpu_seconds_counted(operator: Operator, team: Kubectl) -> float:
    series = f'transcription_gpu_seconds_total{{namespace="{team.namespace}"}} '
    return sum(float(line.removeprefix(series)) for line in operator.metrics().splitlines() if line.startswith(series))


def test_suspended_time_does_not_slow_a_job_down(team: Kubectl, operators: Callable[..., Operator], tmp_path: Path) -> None:
    operator = operators()
    operator.start()
    job = Transcription.apply(team, "paused")
    (pod,) = job.pods()
    job.pod_runs(pod)
    job.phase("Running")
    time.sleep(6)
    audio = {"audioSeconds": {"total": 400, "processed": 60}, "files": {"total": 4}}
    assert Runner(team, pod, tmp_path).report(job.shard(pod, **audio)) == ""
    before = eventually(lambda: job.status().get("realTimeFactor"))
    job.patch(suspend=True)
    job.phase("Suspended")
    eventually(lambda: team.get("pods", "-l", job.selector())["items"] == [])
    eventually(lambda: gpu_seconds_counted(operator, team) == job.status()["gpuSeconds"])
    operator.kill()
    counted = job.status()["gpuSeconds"]
    time.sleep(20)
    operator.start()
    job.patch(suspend=False)
    (pod,) = job.pods()
    job.pod_runs(pod)
    job.phase("Running")
    time.sleep(2)
    audio = {"audioSeconds": {"total": 400, "processed": 80}, "files": {"total": 4}}
    assert Runner(team, pod, tmp_path).report(job.shard(pod, **audio)) == ""
    eventually(lambda: job.status()["audioSeconds"]["processed"] == 80)
    status = job.status()
    assert status["activeSeconds"] < 20, "of more than 28 s, 20 suspended"
    assert status["realTimeFactor"] > before / 3
    job.pod_ends(pod, 77, '{"reason": "BucketNotFound", "message": "no"}')
    status = job.phase("Failed")
    assert 6 <= status["gpuSeconds"] < 20
    eventually(lambda: counted + gpu_seconds_counted(operator, team) == status["gpuSeconds"])  # each second by one of the two


def test_a_deadline_counts_from_the_first_pods_start(team: Kubectl, operator: Operator) -> None:
    job = Transcription.apply(team, "late", activeDeadlineSeconds=3)
    (pod,) = job.pods()
    time.sleep(8)
    assert job.status()["phase"] == "Pending", "waiting for a GPU is not running"
    job.pod_runs(pod)
    job.phase("Failed", 40)
    assert job.condition("Failed")["reason"] == "DeadlineExceeded"
    eventually(lambda: job.jobs() == [])
    eventually(lambda: team.get("pods", "-l", job.selector())["items"] == [])


def test_a_gpu_that_never_comes_ends_the_run(team: Kubectl, operator: Operator) -> None:
    job = Transcription.apply(team, "unlucky", pendingDeadlineSeconds=5)
    job.phase("Failed", 40)
    failed = job.condition("Failed")
    assert failed["reason"] == "PendingDeadlineExceeded"
    assert "spec.pendingDeadlineSeconds (5); Unschedulable: " in failed["message"]
    assert "node" in failed["message"]
    eventually(lambda: job.jobs() == [])
    assert "PendingDeadlineExceeded" in job.events()
