"""More failed files than allowed, on the real API server: the run stops at once and gives its GPU back."""

from pathlib import Path

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import Operator, eventually
from tests.integration.operator.pods import Runner, Transcription


def test_a_run_that_can_only_fail_stops_and_another_one_goes_on(team: Kubectl, operator: Operator, tmp_path: Path) -> None:
    job = Transcription.apply(team, "hopeless", maxFailedFiles=1)
    (pod,) = job.pods()
    job.pod_runs(pod)
    job.phase("Running")
    runner = Runner(team, pod, tmp_path)
    assert runner.report(job.shard(pod, files={"total": 10, "succeeded": 3, "failed": 1})) == ""
    eventually(lambda: job.status().get("fileProgress") == "4/10")
    job.patch(maxFailedFiles=2)
    assert runner.report(job.shard(pod, files={"total": 10, "succeeded": 3, "failed": 2})) == ""
    eventually(lambda: job.status().get("fileProgress") == "5/10")
    assert job.status()["phase"] == "Running", "the raised limit counts"

    assert runner.report(job.shard(pod, files={"total": 10, "succeeded": 3, "failed": 3})) == ""
    job.phase("Failed")
    failed = job.condition("Failed")
    assert failed["reason"] == "TooManyFailedFiles"
    assert "Stopped with 4 of the 10 files found so far not done" in failed["message"]
    eventually(lambda: job.jobs() == [])
    eventually(lambda: team.get("pods", "-l", job.selector())["items"] == [])
    assert job.events().count("TooManyFailedFiles") == 1

    job.patch(maxFailedFiles=9, runId="2")
    (second,) = eventually(job.jobs)
    assert second["metadata"]["name"] == job.status()["jobName"]
    assert job.status()["phase"] == "Pending"


def test_by_default_a_bad_file_stops_no_others(team: Kubectl, operator: Operator, tmp_path: Path) -> None:
    job = Transcription.apply(team, "patient-with-files")
    (pod,) = job.pods()
    job.pod_runs(pod)
    job.phase("Running")
    done = {"total": 4, "succeeded": 3, "failed": 1}
    assert Runner(team, pod, tmp_path).report(job.shard(pod, files={"total": 4, "failed": 1})) == ""
    eventually(lambda: job.status().get("fileProgress") == "1/4")
    assert job.status()["phase"] == "Running"
    job.pod_ends(pod, message=job.last_words(pod, files=done))
    status = job.phase("Failed")
    message = job.condition("Failed")["message"]
    assert message.startswith("1 of 4 files failed, spec.maxFailedFiles allows 0")
    assert message.endswith("the other files are written")
    assert status["progress"] == "100%", "every file has its outcome"
