"""`kubectl apply` refuses every bad spec at once, and says which field is wrong; good ones it takes."""

import json
from typing import Any

import pytest

from tests.integration.contract.invalid_specs import INVALID, VALID, Invalid
from tests.integration.definitions import install_definitions
from tests.integration.kubectl import Kubectl, transcription_job
from transcription_api.speech import Decoding


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
    defaults = {name: value for name, value in Decoding().wire().items() if value is not None}
    assert stored["decoding"] == defaults
    assert stored["parallelism"] == 1


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


def test_kubectl_explain_reads_well(kubectl: Kubectl) -> None:
    text = kubectl("explain", "tsj.spec.source")
    assert "Which objects to transcribe" in text
    assert "a prefix" in text
