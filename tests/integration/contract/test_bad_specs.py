"""`kubectl apply` refuses every bad spec at once, and says which field is wrong; good ones it takes."""

import json
from typing import Any

import pytest

from tests.integration.contract.invalid_specs import INVALID, VALID, Invalid
from tests.integration.definitions import install_definitions
from tests.integration.kubectl import Kubectl, transcription_job
from tests.unit.contract.test_combinations import broken


@pytest.fixture(scope="module")
def kubectl(namespace: Kubectl) -> Kubectl:
    install_definitions(namespace)
    return namespace


def with_change(change: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**VALID, **change}.items() if value is not None}


def test_there_are_at_least_sixty_each_with_one_reason() -> None:
    assert len({case.what for case in INVALID}) == len(INVALID) >= 60


@pytest.mark.parametrize("case", INVALID, ids=[case.what for case in INVALID])
def test_a_bad_spec_is_refused_with_a_message_that_names_the_field(kubectl: Kubectl, case: Invalid) -> None:
    manifest = transcription_job("bad", with_change(case.change))
    result = kubectl.run("apply", "--dry-run=server", "-f", "-", given=json.dumps(manifest))
    assert result.returncode != 0, f"{case.what} was taken"
    assert case.names in result.stderr


def test_what_was_refused_never_reached_the_store(kubectl: Kubectl) -> None:
    for case in INVALID[::10]:
        kubectl.run("apply", "-f", "-", given=json.dumps(transcription_job("bad", with_change(case.change))))
    assert kubectl.get("tsj")["items"] == []


EVERYTHING = {
    "source": {"bucket": "calls", "prefix": "2026/11/", "include": ["**/*.wav"], "exclude": []},
    "output": {"bucket": "transcripts", "prefix": "2026/11/", "formats": ["json", "srt"], "subtitles": {"maxLineWidth": 42}},
    "storage": {"endpoint": "http://minio:9000", "secretName": "minio-credentials"},
    "model": {"name": "large-v2", "computeType": "float16", "batchSize": 16},
    "language": "es",
    "decoding": {"beamSize": 5, "initialPrompt": None, "hotwords": None},
    "alignment": {"enabled": True, "model": None},
    "diarization": {"enabled": False, "minSpeakers": None, "maxSpeakers": None, "model": None},
    "compute": {
        "device": "cuda",
        "nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB"},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "priorityClassName": None,
        "resources": {"requests": {"cpu": 4, "memory": "16Gi"}, "limits": {"cpu": "8", "memory": "32Gi"}},
    },
    "activeDeadlineSeconds": None,
}


def test_a_spec_with_every_field_and_explicit_nulls_is_taken(kubectl: Kubectl) -> None:
    kubectl.apply(transcription_job("everything", EVERYTHING))
    stored = kubectl.get("tsj", "everything")["spec"]
    assert stored["decoding"] == {"beamSize": 5}, "what is left out stays left out, since a profile may say it"
    assert "parallelism" not in stored


CHANGES = [
    ("language", {"language": "en"}),
    ("language", {"language": None}),
    ("source", {"source": {"bucket": "others"}}),
    ("model", {"model": {"name": "large-v3", "computeType": "float16", "batchSize": 16}}),
    ("vad", {"vad": {"onset": 0.6}}),
    ("audio", {"audio": {"track": 1}}),
    ("languageDetection", {"languageDetection": {"minProbability": 0.9}}),
    ("compute", {"compute": {"device": "cpu"}}),
    ("activeDeadlineSeconds", {"activeDeadlineSeconds": 60}),
    ("pendingDeadlineSeconds", {"pendingDeadlineSeconds": 60}),
    ("source", {"source": {"minFiles": 3}}),
    ("profileRef", {"profileRef": {"name": "calls-es"}}),
    ("task", {"task": "transcribe"}),
    ("backoffLimit", {"backoffLimit": 1}),
    ("backoffLimitPerIndex", {"backoffLimitPerIndex": 1}),
]


@pytest.mark.parametrize(("field", "change"), CHANGES, ids=[f"{field}-{number}" for number, (field, _) in enumerate(CHANGES)])
def test_what_shapes_the_result_cannot_be_changed_later(kubectl: Kubectl, field: str, change: dict[str, Any]) -> None:
    kubectl.apply(transcription_job("fixed", EVERYTHING))
    result = kubectl.run("patch", "tsj", "fixed", "--type=merge", "-p", json.dumps({"spec": change}))
    assert result.returncode != 0
    assert f"spec.{field} is immutable" in result.stderr


@pytest.mark.parametrize("change", [{"suspend": True}, {"runId": "2"}, {"parallelism": 4}, {"maxFailedFiles": 9}])
def test_what_steers_a_run_can_be_changed_at_any_time(kubectl: Kubectl, change: dict[str, Any]) -> None:
    kubectl.apply(transcription_job("steered", EVERYTHING))
    kubectl("patch", "tsj", "steered", "--type=merge", "-p", json.dumps({"spec": change}))


COMPLETED_BY_A_PROFILE = [
    {"diarization": {"minSpeakers": 2}},
    {"audio": {"channelNames": ["agent"]}},
    {"vad": {"onset": 0.3}},
]


@pytest.mark.parametrize("change", COMPLETED_BY_A_PROFILE, ids=[str(change) for change in COMPLETED_BY_A_PROFILE])
def test_what_a_profile_may_complete_is_left_to_the_operator_only_where_a_profile_is_named(
    kubectl: Kubectl, change: dict[str, Any]
) -> None:
    def taken(spec: dict[str, Any]) -> bool:
        manifest = json.dumps(transcription_job("partial", with_change(spec)))
        return kubectl.run("apply", "--dry-run=server", "-f", "-", given=manifest).returncode == 0

    assert not taken(change)
    assert taken({**change, "profileRef": {"name": "calls"}})


@pytest.mark.parametrize("case", [case for case in INVALID if broken(case)], ids=lambda case: case.what)
def test_a_profile_that_contradicts_itself_is_refused(kubectl: Kubectl, case: Invalid) -> None:
    # These rest on what the profile leaves out, and the job may say.
    completed = broken(case) in (["audio.channelNames"], ["diarization.enabled"])
    for kind in ("TranscriptionProfile", "ClusterTranscriptionProfile"):
        manifest = {**transcription_job("bad", case.change), "kind": kind}
        result = kubectl.run("apply", "--dry-run=server", "-f", "-", given=json.dumps(manifest))
        assert (result.returncode == 0) is completed, result.stderr or "taken"
        assert completed or case.names in result.stderr


def test_kubectl_explain_tells_the_defaults(kubectl: Kubectl) -> None:
    for kind in ("tsj", "tsp", "ctsp"):
        assert "Default: 5." in kubectl("explain", f"{kind}.spec.decoding.beamSize")


def test_kubectl_explain_reads_well(kubectl: Kubectl) -> None:
    text = kubectl("explain", "tsj.spec.source")
    assert "Which objects to transcribe" in text
    assert "a prefix" in text
