"""A job that asks only how much there is to do, on the real API server: one pod without a GPU, and an end that tells."""

from pathlib import Path

import pytest

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import Operator, eventually
from tests.integration.operator.pods import Runner, Transcription

FOUND = {
    "files": {"total": 1200, "skipped": 200},
    "audioSeconds": {"total": 720_000},
    "survey": {"complete": True, "bytes": 25_000_000_000, "doneBytes": 2_000_000_000, "error": 0.2},
}


def test_one_pod_without_a_gpu_looks_and_the_end_tells(team: Kubectl, operator: Operator, tmp_path: Path) -> None:
    job = Transcription.apply(team, "how-much", estimateOnly=True, parallelism=4)
    (pod,) = job.pods()
    (container,) = team.get("pod", pod)["spec"]["containers"]
    assert set(container["resources"]["limits"]) == {"cpu", "memory"}
    job.pod_runs(pod)
    runner = Runner(team, pod, tmp_path)
    eventually(lambda: runner.report(job.shard(pod, stage="Surveying", files={"total": 700})) == "")
    eventually(lambda: job.status().get("files", {}).get("total") == 700)
    assert "looking through the source" in job.status()["message"]
    job.pod_ends(pod, 0, job.last_words(pod, **FOUND))
    status = job.phase("Succeeded")
    assert job.condition("Complete")["reason"] == "Estimated"
    assert "1000 files to do, 23.0 GB, about 200 hours" in status["message"]
    assert status["survey"] == {"complete": True, "bytes": 25_000_000_000, "doneBytes": 2_000_000_000}
    assert (status["progress"], status["effective"]["gpuResource"]) == ("estimate", "nvidia.com/gpu")
    assert "gpuSeconds" not in status


def test_an_estimate_does_not_turn_into_a_run(team: Kubectl, operator: Operator) -> None:
    job = Transcription.apply(team, "only-this", estimateOnly=True, suspend=True)
    with pytest.raises(AssertionError, match=r"spec\.estimateOnly is immutable"):
        job.patch(estimateOnly=False)
    with pytest.raises(AssertionError, match=r"spec\.estimateOnly is immutable"):
        Transcription.apply(team, "only-this", suspend=True)
