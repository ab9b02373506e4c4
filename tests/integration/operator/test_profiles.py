"""Profiles on the real API server: what a job leaves out they say, once, when its run begins."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import Operator, eventually
from tests.integration.operator.pods import Transcription

GROUP = "transcription.whisperx.dev"
DEFAULT = f"{GROUP}/default-profile"
EXAMPLES = Path(__file__).parents[3] / "examples"


def profile(name: str, kind: str = "TranscriptionProfile", *, default: bool = False, **spec: Any) -> dict[str, Any]:
    labels = {DEFAULT: "true"} if default else {}
    return {"apiVersion": f"{GROUP}/v1alpha1", "kind": kind, "metadata": {"name": name, "labels": labels}, "spec": spec}


def config(job: Transcription) -> dict[str, Any]:
    """What the pods of the job's newest Job are told."""
    child = eventually(lambda: [one for one in job.jobs() if one["metadata"]["name"] == job.status().get("jobName")])[0]
    told: dict[str, Any] = json.loads(child["spec"]["template"]["metadata"]["annotations"][f"{GROUP}/runner-config"])
    return told


def reason(job: Transcription) -> str:
    return str(job.condition("Running").get("reason", ""))


@pytest.fixture
def everyone_s(team: Kubectl) -> Iterator[str]:
    """The name of a ClusterTranscriptionProfile."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    team.apply(profile(name, "ClusterTranscriptionProfile", language="fr", decoding={"beamSize": 7}))
    yield name
    team("delete", "ctsp", name, "--ignore-not-found")


def test_a_job_takes_from_its_profile_what_it_does_not_say_itself(team: Kubectl, operator: Operator) -> None:
    team.apply(profile("spanish", language="es", decoding={"beamSize": 8, "hotwords": "Acme"}, output={"formats": ["srt"]}))
    job = Transcription.apply(team, "takes", profileRef={"name": "spanish"}, decoding={"beamSize": 2})
    told = config(job)
    assert (told["recipe"]["language"], told["output"]["formats"]) == ("es", ["srt"])
    assert (told["recipe"]["decoding"]["beamSize"], told["recipe"]["decoding"]["hotwords"]) == (2, "Acme")
    effective = eventually(lambda: job.status().get("effective"))
    assert effective["profile"] == {"kind": "TranscriptionProfile", "name": "spanish", "generation": 1}
    assert effective["recipe"] == told["recipe"]
    assert job.resource()["spec"]["decoding"] == {"beamSize": 2}, (
        "nothing is written into the spec: a GitOps tool would see drift"
    )


def test_a_change_of_a_profile_reaches_the_next_run_and_no_earlier_one(team: Kubectl, operator: Operator) -> None:
    team.apply(profile("changing", language="es", parallelism=2))
    job = Transcription.apply(team, "steady", profileRef={"name": "changing"})
    before = config(job)
    (first,) = job.jobs()
    eventually(lambda: job.status().get("effective"))
    team.apply(profile("changing", language="fr", parallelism=1))
    team("delete", "job", first["metadata"]["name"])
    (again,) = eventually(lambda: [j for j in job.jobs() if j["metadata"]["uid"] != first["metadata"]["uid"]])
    assert again["spec"]["completions"] == 2
    assert config(job) == before
    job.patch(runId="2")
    eventually(lambda: job.status().get("runId") == "2")
    after = config(job)
    assert (after["recipe"]["language"], after["job"]["parallelism"]) == ("fr", 1)
    assert job.status()["effective"]["profile"]["generation"] == 2


def test_a_job_waits_for_its_profile_and_goes_on_when_it_comes(team: Kubectl, operator: Operator) -> None:
    job = Transcription.apply(team, "early", profileRef={"name": "late"})
    eventually(lambda: reason(job) == "ProfileNotFound")
    assert job.status()["phase"] == "Pending"
    assert f"there is no TranscriptionProfile late in namespace {team.namespace}" in job.status()["message"]
    assert job.jobs() == []
    team.apply(profile("late", language="de"))
    assert config(job)["recipe"]["language"] == "de"


def test_a_profile_of_the_cluster_is_read_with_rights_on_one_namespace(
    team: Kubectl, operator: Operator, everyone_s: str
) -> None:
    reference = {"name": everyone_s, "kind": "ClusterTranscriptionProfile"}
    job = Transcription.apply(team, "of-the-cluster", profileRef=reference)
    assert config(job)["recipe"]["decoding"]["beamSize"] == 7
    other = Transcription.apply(team, "of-the-namespace", profileRef={"name": everyone_s})
    eventually(lambda: reason(other) == "ProfileNotFound")


def test_the_namespace_s_default_profile_is_for_jobs_that_name_none(team: Kubectl, operator: Operator) -> None:
    team.apply(profile("usual", default=True, language="pt"))
    team.apply(profile("special", language="it"))
    # A profile and a job that come in one breath come over two watches: the job after may be the first to have it.
    eventually(lambda: spoken_in(unnamed(team), "pt"))
    named = Transcription.apply(team, "named", profileRef={"name": "special"})
    assert config(named)["recipe"]["language"] == "it"

    team("label", "tsp", "special", f"{DEFAULT}=true")
    torn = eventually(lambda: waiting_for_one_default(unnamed(team)))
    assert "special, usual" in torn.status()["message"]
    team("label", "tsp", "special", f"{DEFAULT}-")
    assert config(torn)["recipe"]["language"] == "pt"
    team("delete", "tsp", "usual", "special")


def unnamed(team: Kubectl) -> Transcription:
    """A job that names no profile."""
    return Transcription.apply(team, f"unnamed-{uuid.uuid4().hex[:6]}")


def waiting_for_one_default(job: Transcription) -> Transcription | None:
    return job if eventually(lambda: reason(job)) == "SeveralDefaultProfiles" else None


def test_kubectl_lists_what_a_profile_says_and_whether_it_is_the_default(team: Kubectl) -> None:
    team.apply(profile("shown", default=True, language="pt", task="translate", model={"name": "large-v3"}))
    head, line = (text.split() for text in team("get", "tsp", "shown").splitlines())
    assert head == ["NAME", "DEFAULT", "MODEL", "LANGUAGE", "TASK", "AGE"]
    assert line[:5] == ["shown", "true", "large-v3", "pt", "translate"]
    team("delete", "tsp", "shown")


def test_what_does_not_go_together_is_refused_with_both_speakers(team: Kubectl, operator: Operator) -> None:
    team.apply(profile("spoken", language="es"))
    job = Transcription.apply(team, "contradictory", profileRef={"name": "spoken"}, languageDetection={"perChunk": True})
    job.phase("Failed")
    assert job.condition("Failed")["reason"] == "InvalidSpec"
    message = job.status()["message"]
    assert 'language: "es" is said by TranscriptionProfile spoken' in message
    assert "languageDetection.perChunk: true is said by the job" in message
    assert job.jobs() == []


def test_profiles_known_before_the_operator_started_hold(team: Kubectl, operator: Operator) -> None:
    team.apply(profile("known", language="nl"))
    operator.kill()
    job = Transcription.apply(team, "returning", profileRef={"name": "known"})
    operator.start()
    assert config(job)["recipe"]["language"] == "nl"


def test_the_examples_hold_for_the_jobs_that_they_are_for(team: Kubectl, operator: Operator) -> None:
    ours, everyone_s = (yaml.safe_load((EXAMPLES / name).read_text()) for name in ("profile.yaml", "cluster-profile.yaml"))
    for manifest in (ours, everyone_s):
        team.apply(manifest)
    try:
        reference = {"name": everyone_s["metadata"]["name"], "kind": everyone_s["kind"]}
        on_a100 = config(Transcription.apply(team, "on-a100", profileRef=reference))
        assert on_a100["model"]["name"] == everyone_s["spec"]["model"]["name"]
        by_default = eventually(lambda: spoken_in(unnamed(team), "es"))
        assert by_default["recipe"]["diarization"]["maxSpeakers"] == ours["spec"]["diarization"]["maxSpeakers"]
    finally:
        team("delete", "ctsp", everyone_s["metadata"]["name"])
        team("delete", "tsp", ours["metadata"]["name"])


def spoken_in(job: Transcription, language: str) -> dict[str, Any] | None:
    told = config(job)
    return told if told["recipe"].get("language") == language else None
