"""Filling in the spec from the operator's configuration."""

from typing import Any

import pytest

from tests.unit.operator.world import SETTINGS
from transcription_api.effective import Effective
from transcription_operator.resolved import InvalidSpecError, resolve
from transcription_operator.settings import OperatorSettings


def resolved(settings: OperatorSettings = SETTINGS, **spec: Any) -> Effective:
    return resolve({"source": {"bucket": "calls"}, **spec}, settings).effective


def on(device: str) -> OperatorSettings:
    return SETTINGS.model_copy(update={"runner": SETTINGS.runner.model_copy(update={"device": device})})


def test_what_the_spec_leaves_open_comes_from_the_operator() -> None:
    result = resolved()
    assert (result.endpoint, result.secret_name) == ("http://minio:9000", "minio-credentials")
    assert (result.model.name, result.model.compute_type, result.model.batch_size) == ("large-v2", "float16", None)
    assert result.output.bucket == "calls"
    assert result.gpu_resource == "nvidia.com/gpu"
    assert result.node_selector == {"gpu": "a100"}
    assert [t.key for t in result.tolerations] == ["gpu"]


def test_what_the_spec_says_wins() -> None:
    result = resolved(
        storage={"endpoint": "https://s3:443", "secretName": "mine"},
        model={"name": "small", "computeType": "float32", "batchSize": 2},
        output={"bucket": "texts"},
        compute={"gpuResource": "nvidia.com/mig-1g.10gb", "nodeSelector": {}, "tolerations": []},
    )
    assert (result.endpoint, result.secret_name, result.output.bucket) == ("https://s3:443", "mine", "texts")
    assert (result.model.name, result.model.compute_type, result.model.batch_size) == ("small", "float32", 2)
    assert result.gpu_resource == "nvidia.com/mig-1g.10gb"
    assert result.node_selector == {}, "an empty selector given in the spec replaces the operator's"
    assert result.tolerations == []


@pytest.mark.parametrize(
    ("default", "compute", "gpu"),
    [
        ("cuda", {}, "nvidia.com/gpu"),
        ("cuda", {"device": "cpu"}, None),
        ("cuda", {"device": "cpu", "gpuResource": "nvidia.com/gpu"}, None),
        ("cpu", {}, None),
        ("cpu", {"device": "cuda"}, "nvidia.com/gpu"),
        ("cpu", {"gpuResource": "nvidia.com/mig-1g.10gb"}, "nvidia.com/mig-1g.10gb"),
    ],
)
def test_who_gets_a_gpu(default: str, compute: dict[str, Any], gpu: str | None) -> None:
    result = resolved(on(default), compute=compute)
    assert result.gpu_resource == gpu
    assert result.limits == ({gpu: "1"} if gpu else {})
    assert result.node_selector == ({"gpu": "a100"} if gpu else {}), "the operator's selector is for GPU nodes"


@pytest.mark.parametrize(
    ("default", "compute", "claims"),
    [
        ("cuda", {"resourceClaimTemplateName": "one-gpu"}, True),
        ("cuda", {"resourceClaimTemplateName": "one-gpu", "device": "cuda"}, True),
        ("cpu", {"resourceClaimTemplateName": "one-gpu"}, True),
        ("cuda", {"resourceClaimTemplateName": "one-gpu", "device": "cpu"}, False),
    ],
)
def test_a_gpu_that_is_claimed_takes_the_place_of_the_device_plugins(default: str, compute: dict[str, Any], claims: bool) -> None:
    result = resolved(on(default), compute=compute)
    assert result.resource_claim_template_name == ("one-gpu" if claims else None)
    assert (result.gpu_resource, result.limits) == (None, {})
    assert result.on_gpu is claims
    assert result.node_selector == ({"gpu": "a100"} if claims else {})


def test_a_selector_in_the_spec_holds_without_a_gpu_too() -> None:
    assert resolved(compute={"device": "cpu", "nodeSelector": {"disk": "fast"}}).node_selector == {"disk": "fast"}


def test_a_cpu_never_computes_in_float16_by_default() -> None:
    assert resolved(compute={"device": "cpu"}).model.compute_type == "int8"


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"source": {}}, "spec.source.bucket"),
        ({"parallelism": 0}, "spec.parallelism"),
        ({"surprise": True}, "spec.surprise"),
        (
            {"source": {"bucket": "calls", "keys": [f"{n:03}" + "k" * 1000 for n in range(256)]}},
            "spec.source.keys have 256768 bytes",
        ),
    ],
)
def test_a_spec_that_cannot_be_read_is_refused_by_field(spec: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidSpecError, match=field.replace(".", r"\.")):
        resolved(**spec)


def test_a_store_that_nobody_names_is_said_to_be_missing() -> None:
    with pytest.raises(InvalidSpecError, match=r"spec\.storage\.endpoint is not set and the operator has no default"):
        resolved(SETTINGS.model_copy(update={"storage": SETTINGS.storage.model_copy(update={"endpoint": None})}))
