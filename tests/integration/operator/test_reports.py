"""What pods did arrives in status, by whichever way it can; and where it does not arrive, nothing is called a success."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.kubectl import Kubectl
from tests.integration.operator.admission import requests
from tests.integration.operator.operators import Operator, eventually
from tests.integration.operator.pods import Runner, Transcription
from transcription_api.names import ANNOTATION_REPORT


@pytest.fixture
def unbound(team: Kubectl) -> Iterator[None]:
    """Nobody has bound the runner's role; it is bound again afterwards."""
    binding = team.get("rolebinding", f"{team.namespace}-runner")
    team("delete", "rolebinding", f"{team.namespace}-runner")
    yield
    fresh = {key: binding["metadata"][key] for key in ("name", "namespace", "labels")}
    team.apply({**binding, "metadata": fresh})


def test_failed_files_fail_the_job_though_the_runner_may_not_report(
    team: Kubectl, operator: Operator, unbound: None, tmp_path: Path
) -> None:
    job = Transcription.apply(team, "mute")
    (pod,) = job.pods()
    job.pod_runs(pod)
    failures = [{"key": f"{n}.wav", "reason": "DamagedAudio", "message": "cut off"} for n in range(3)]
    did = {"files": {"total": 3, "failed": 3}, "failures": failures}
    eventually(lambda: "forbidden" in Runner(team, pod, tmp_path).report(job.shard(pod, **did)))
    job.pod_ends(pod, 0, job.last_words(pod, **did))
    status = job.phase("Failed")
    assert job.condition("Failed")["reason"] == "TooManyFailedFiles"
    assert status["message"].endswith("see status.failures; none is written")
    assert (status["files"]["failed"], [failure["key"] for failure in status["failures"]]) == (3, ["0.wav", "1.wav", "2.wav"])


def test_a_job_of_which_nothing_is_known_has_not_succeeded(team: Kubectl, operator: Operator) -> None:
    job = Transcription.apply(team, "silent")
    (pod,) = job.pods()
    job.pod_ends(pod, 0, "no last words of a runner")
    job.phase("Failed", 40)
    assert job.condition("Failed")["reason"] == "ReportsMissing"
    assert "calls/transcripts/_manifest-silent.json" in job.status()["message"]
    assert "ReportsMissing" in job.events()


def test_a_report_that_is_too_long_or_nonsense_does_no_harm(team: Kubectl, operator: Operator, tmp_path: Path) -> None:
    job = Transcription.apply(team, "loud")
    (pod,) = job.pods()
    job.pod_runs(pod)
    runner = Runner(team, pod, tmp_path)
    languages = {f"{n:07}": 1 for n in range(80_000)}
    assert "bytes" in runner.report(job.shard(pod, languages=languages))
    # As if there were no policy: the most that an annotation may hold, and then nonsense.
    for text in (json.dumps(job.shard(pod, message="x" * 250_000)), "{" * 10_000, json.dumps({"index": 10**40})):
        patch = json.dumps({"metadata": {"annotations": {ANNOTATION_REPORT: text}}})
        file = tmp_path / "patch.json"
        file.write_text(patch)
        team("patch", "pod", pod, "--type=merge", "--patch-file", str(file))
    assert "shards" not in job.status()
    assert runner.report(job.shard(pod, files={"total": 2, "succeeded": 1}, languages={"en": 1, "<x>": 9})) == ""
    eventually(lambda: job.status().get("fileProgress") == "1/2")
    assert job.status()["languages"] == {"en": 1}
    job.pod_ends(pod, 0, job.last_words(pod, files={"total": 2, "succeeded": 2}))
    assert job.phase("Succeeded")["files"]["succeeded"] == 2


def test_what_a_shard_did_stays_counted_when_parallelism_goes_down(team: Kubectl, operator: Operator, tmp_path: Path) -> None:
    job = Transcription.apply(team, "fewer", parallelism=2)
    eventually(lambda: len(job.pods()) == 2)
    first, second = sorted(job.pods())
    for pod, succeeded in ((first, 2), (second, 3)):
        job.pod_runs(pod)
        did = {"files": {"total": 9, "succeeded": succeeded}, "audioSeconds": {"total": 90, "processed": 10 * succeeded}}
        assert Runner(team, pod, tmp_path).report(job.shard(pod, languages={"en": succeeded}, **did)) == ""
    eventually(lambda: job.status().get("fileProgress") == "5/9")
    last = {"files": {"total": 9, "succeeded": 4}, "audioSeconds": {"total": 90, "processed": 40}, "languages": {"en": 4}}
    assert Runner(team, second, tmp_path).report(job.shard(second, stage="Interrupted", **last)) == ""
    job.patch(parallelism=1)
    team("delete", "pod", second, "--ignore-not-found", "--grace-period=0", "--force")
    eventually(lambda: job.pods() == [first])
    eventually(lambda: job.status().get("fileProgress") == "6/9")
    assert job.status()["audioSeconds"] == {"total": 90, "processed": 60}

    own = {"files": {"total": 9, "succeeded": 5}, "audioSeconds": {"total": 90, "processed": 50}, "languages": {"en": 5}}
    run = {"files": {"total": 9, "succeeded": 9}, "processedSeconds": 90, "languages": {"en": 9}}
    job.pod_ends(first, 0, job.last_words(first, run=run, manifest="calls/_manifest-fewer.json", **own))
    status = job.phase("Succeeded")
    assert (status["fileProgress"], status["languages"]) == ("9/9", {"en": 9})
    assert status["audioSeconds"] == {"total": 90, "processed": 90}
    assert [shard["index"] for shard in status["shards"]] == [0, 1]


MANY = 40
"""Pods: at 33 reports into one object collapsed."""


def test_many_pods_report_at_the_same_time_and_no_report_is_refused_or_lost(
    team: Kubectl, operator: Operator, tmp_path: Path
) -> None:
    job = Transcription.apply(team, "crowd", parallelism=MANY)
    pods = eventually(lambda: len(found := job.pods()) == MANY and found)
    with ThreadPoolExecutor(8) as threads:
        runners = list(threads.map(lambda pod: Runner(team, pod, tmp_path), pods))

    def conflicts() -> int:
        return requests(team, "PATCH", "transcriptionjobs", "status", code=409)

    before, total = conflicts(), 3 * MANY
    with ThreadPoolExecutor(MANY) as threads:
        for done in (1, 2, 3):
            reports = [job.shard(pod, files={"total": total, "succeeded": done}) for pod in pods]
            assert set(threads.map(Runner.report, runners, reports)) == {""}
    eventually(lambda: job.status().get("fileProgress") == f"{total}/{total}")
    assert len(job.status()["shards"]) == MANY
    assert conflicts() == before
