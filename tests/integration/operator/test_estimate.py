"""A job that asks only how much there is to do, on the real API server: one pod without a GPU, and an end that tells."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.kubectl import Kubectl
from tests.integration.operator.admission import mutating
from tests.integration.operator.operators import NOWHERE, Operator, eventually
from tests.integration.operator.pods import Runner, Transcription

FOUND = {
    "files": {"total": 1200, "skipped": 200},
    "audioSeconds": {"total": 720_000},
    "survey": {"complete": True, "bytes": 25_000_000_000, "doneBytes": 2_000_000_000, "error": 0.2},
}


@pytest.fixture(scope="module", autouse=True)
def away_from_the_node(team: Kubectl) -> Iterator[None]:
    """The tests play the kubelet, and an estimate's pod goes to any node: Jobs of this namespace get a selector that none has."""

    def probe() -> bool:
        made = team("create", "job", "probe", "--image=x", "--dry-run=server", "-o", "json")
        return bool(json.loads(made)["spec"]["template"]["spec"].get("nodeSelector") == NOWHERE)

    change = f'[JSONPatch{{op: "add", path: "/spec/template/spec/nodeSelector", value: {json.dumps(NOWHERE)}}}]'
    with mutating(team, "nowhere", "batch/v1/jobs", change, on=("CREATE",), probe=probe):
        yield


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


def an_estimate(team: Kubectl, name: str) -> dict[str, Any]:
    """The forecast of an estimate of FOUND."""
    job = Transcription.apply(team, name, estimateOnly=True, parallelism=4)
    (pod,) = job.pods()
    job.pod_runs(pod)
    job.pod_ends(pod, 0, job.last_words(pod, **FOUND))
    forecast: dict[str, Any] = job.phase("Succeeded")["forecast"]
    assert job.status()["message"].count("EUR") == ("cost" in forecast)
    return forecast


def test_what_a_run_took_tells_what_the_next_one_costs_also_after_a_restart(
    team: Kubectl, operators: Callable[..., Operator], tmp_path: Path
) -> None:
    operator = operators(price={"gpuHour": 2.5, "currency": "EUR"})
    operator.start()
    assert an_estimate(team, "unknown").keys() == {"audioHours", "errorPercent"}

    job = Transcription.apply(team, "first")
    (pod,) = job.pods()
    job.pod_runs(pod)
    survey = {"complete": True, "bytes": 1_000_000, "error": 0.1}
    view = {"survey": survey, "worked": {"audioSeconds": 1800, "seconds": 2}, "files": {"total": 4, "succeeded": 2}}
    time.sleep(2)
    assert Runner(team, pod, tmp_path).report(job.shard(pod, audioSeconds={"total": 3600, "processed": 1800}, **view)) == ""
    running = eventually(lambda: (found := job.status()).get("forecast") and found)
    assert running["estimatedCompletionTime"] == running["forecast"]["endTime"]
    assert running["forecast"]["earliestEndTime"] <= running["forecast"]["endTime"] <= running["forecast"]["latestEndTime"]
    assert running["forecast"]["endTime"] in team("get", "tsj", job.name, "-o", "wide")
    job.pod_ends(pod, 0, job.last_words(pod, audioSeconds={"total": 3600, "processed": 3600}, files={"total": 4, "succeeded": 4}))
    took = job.phase("Succeeded")
    assert "forecast" not in took

    told = an_estimate(team, "priced")
    hours = 200 * took["gpuSeconds"] / 3600
    assert told["gpuHours"] == pytest.approx(hours, abs=0.01)
    assert (told["cost"], told["currency"]) == (pytest.approx(2.5 * hours, abs=0.02), "EUR")
    assert told["durationSeconds"] == pytest.approx(3600 * hours / 4, abs=1)
    operator.kill()
    operator.start()
    assert an_estimate(team, "priced-again") == told
