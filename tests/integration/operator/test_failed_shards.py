"""A shard that fails for good, under the real Job controller: the others do its files, and the run succeeds."""

import json
from pathlib import Path
from typing import Any

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import Operator, eventually
from tests.integration.operator.pods import Runner, Transcription

DEAD = json.dumps({"reason": "DeviceFailed", "message": "CUDA error: uncorrectable ECC error"})


def of_shard(pods: list[str], index: int) -> str:
    return next(pod for pod in pods if pod.rsplit("-", 2)[1] == str(index))


def test_the_others_do_the_files_of_a_shard_that_fails_for_good(team: Kubectl, operator: Operator, tmp_path: Path) -> None:
    job = Transcription.apply(team, "one-dead", parallelism=2, backoffLimit=0, backoffLimitPerIndex=0)
    pods = eventually(lambda: len(job.pods()) == 2 and job.pods())
    well, dead = of_shard(pods, 0), of_shard(pods, 1)
    for pod in pods:
        job.pod_runs(pod)
    job.phase("Running")
    job.pod_ends(dead, 70, DEAD)
    eventually(lambda: "shard 1 failed for good (DeviceFailed: " in job.status()["message"])
    assert job.status()["phase"] == "Running"

    done: Any = {"files": {"total": 5, "succeeded": 5}, "audioSeconds": {"total": 50, "processed": 50}}
    assert Runner(team, well, tmp_path).report(job.shard(well, stage="Finished", **done)) == ""
    job.pod_ends(well, message=job.last_words(well, **done))
    status = job.phase("Succeeded")
    assert status["message"].startswith("5 transcribed, 0 already done, 0 failed, of 5 files; shard 1 failed for good")
    (child,) = job.jobs()
    assert [c["reason"] for c in child["status"]["conditions"] if c["type"] == "Failed"] == ["FailedIndexes"]
    assert sorted(job.pods()) == sorted(pods), "nobody is replaced any more"
    assert job.events().count("Succeeded") == 1


def test_a_run_none_of_whose_shards_is_left_has_failed(team: Kubectl, operator: Operator) -> None:
    job = Transcription.apply(team, "all-dead", parallelism=2, backoffLimitPerIndex=0)
    for pod in eventually(lambda: len(job.pods()) == 2 and job.pods()):
        job.pod_ends(pod, 70, DEAD)
    job.phase("Failed", 60)
    failed = job.condition("Failed")
    assert failed["reason"] == "FailedIndexes"
    assert "spec.backoffLimitPerIndex" in failed["message"]
    assert "DeviceFailed: CUDA error: uncorrectable ECC error" in failed["message"]


def test_a_final_exit_code_ends_the_whole_run_all_the_same(team: Kubectl, operator: Operator) -> None:
    job = Transcription.apply(team, "denied-at-once", parallelism=2, backoffLimitPerIndex=3)
    pods = eventually(lambda: len(job.pods()) == 2 and job.pods())
    job.pod_ends(of_shard(pods, 1), 75)  # the other way round, the Job may have taken this pod with it already
    job.pod_ends(of_shard(pods, 0), 77, '{"reason": "BucketNotFound", "message": "bucket calls does not exist"}')
    job.phase("Failed", 60)
    assert job.condition("Failed")["reason"] == "BucketNotFound"
