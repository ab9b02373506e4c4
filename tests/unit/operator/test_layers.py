"""What is in effect for each setting: the job's word over the profile's over the operator's over what is built in."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.operator.world import SETTINGS, a_profile
from transcription_api.profile import ProfileSpec
from transcription_api.spec import TranscriptionJobSpec
from transcription_api.structural import structural_schema
from transcription_operator.layers import layered, said
from transcription_operator.resolved import resolve
from transcription_operator.settings import OperatorSettings

SOURCE = {"source": {"bucket": "calls"}}
SCHEMA = structural_schema(ProfileSpec)
TEXTS = ("calls", "texts", "a/", "http://minio:9000", "https://s3:443", "nvidia.com/gpu", "amd.com/gpu", "es", "large-v3")


def leaves(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every setting that is one value: path and schema. `resources` is one, since requests and limits belong together."""
    for name, field in schema["properties"].items():
        if "properties" in field and name != "resources":
            yield from leaves(field, f"{path}{name}.")
        else:
            yield f"{path}{name}", field


LEAVES = dict(leaves(SCHEMA))


def values(field: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that the API server takes."""
    if "enum" in field:
        return st.sampled_from(field["enum"])
    match field.get("type"):
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(field["minimum"], field["maximum"])
        case "number":
            above, below = bool(field.get("exclusiveMinimum")), bool(field.get("exclusiveMaximum"))
            return st.floats(field["minimum"], field["maximum"], exclude_min=above, exclude_max=below)
        case "array":
            return st.lists(values(field["items"]), min_size=field.get("minItems", 0), max_size=3, unique_by=json.dumps)
        case "object" if "properties" in field:
            return st.fixed_dictionaries({}, optional={name: values(inner) for name, inner in field["properties"].items()})
        case "object":
            return st.dictionaries(st.sampled_from(["gpu", "disk"]), st.sampled_from(["a100", "fast"]), max_size=2)
    if field.get("x-kubernetes-int-or-string"):
        return st.sampled_from(["1", "2Gi", 4])
    fitting = [text for text in TEXTS if re.search(field.get("pattern", ""), text) and len(text) >= field.get("minLength", 0)]
    return st.sampled_from(fitting)


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    """Values by path as an object has them."""
    result: dict[str, Any] = {}
    for path, value in flat.items():
        *parts, name = path.split(".")
        place = result
        for part in parts:
            place = place.setdefault(part, {})
        place[name] = value
    return result


layers = st.fixed_dictionaries({}, optional={path: values(field) for path, field in LEAVES.items()})


@given(layers, layers)
def test_for_every_setting_the_job_has_the_last_word_and_then_the_profile(job: dict[str, Any], profile: dict[str, Any]) -> None:
    merged = layered({**SOURCE, **nested(job)}, nested(profile))
    in_effect, built_in = (TranscriptionJobSpec.model_validate(raw).wire() for raw in (merged, SOURCE))
    for path in LEAVES:
        words = [layer[path] for layer in (job, profile) if path in layer and (layer[path] or path != "compute.resources")]
        if words:
            assert said(merged, path) == words[0], path
        else:
            assert (said(in_effect, path) or None) == (said(built_in, path) or None), path


def test_no_setting_that_a_profile_may_say_is_filled_in_by_the_api_server() -> None:
    def defaults(schema: dict[str, Any], path: str = "") -> Iterator[str]:
        for name, field in schema.get("properties", {}).items():
            if "default" in field:
                yield f"{path}{name}"
            yield from defaults(field, f"{path}{name}.")

    of_profile, of_job = (set(defaults(structural_schema(model))) for model in (ProfileSpec, TranscriptionJobSpec))
    assert of_profile == set()
    assert of_job == {"source.minFiles", "suspend", "runId", "profileRef.kind", "estimateOnly"}


OPERATOR = OperatorSettings.model_validate(
    {
        "storage": {"endpoint": "http://operator:9000", "secretName": "of-operator"},
        "runner": {
            "image": "runner:1",
            "model": {"name": "operator-model", "computeType": "int8", "batchSize": 1},
            "device": "cuda",
            "gpuResource": "operator.com/gpu",
            "nodeSelector": {"by": "operator"},
            "tolerations": [{"key": "operator", "operator": "Exists"}],
            "priorityClassName": "operator-class",
            "runtimeClassName": "operator-runtime",
            "resources": {"requests": {"cpu": "1"}},
        },
    }
)


def effective(job: dict[str, Any], profile: dict[str, Any]) -> dict[str, Any]:
    return resolve({**SOURCE, **job}, OPERATOR, profile=a_profile(**profile)).effective.wire()


@pytest.mark.parametrize(
    ("where", "field", "values"),
    [
        ("storage.endpoint", "endpoint", ("http://job:1", "http://profile:1", "http://operator:9000")),
        ("storage.secretName", "secretName", ("of-job", "of-profile", "of-operator")),
        ("model.name", "model.name", ("job-model", "profile-model", "operator-model")),
        ("model.computeType", "model.computeType", ("float32", "bfloat16", "int8")),
        ("model.batchSize", "model.batchSize", (3, 2, 1)),
        ("compute.device", "device", ("cpu", "cpu", "cuda")),
        ("compute.gpuResource", "gpuResource", ("job.com/gpu", "profile.com/gpu", "operator.com/gpu")),
        ("compute.nodeSelector", "nodeSelector", ({"by": "job"}, {"for": "profile"}, {"by": "operator"})),
        ("compute.nodeSelector", "nodeSelector", ({}, {"for": "profile"}, {"by": "operator"})),
        (
            "compute.tolerations",
            "tolerations",
            (
                [{"key": "job", "operator": "Exists"}],
                [{"key": "profile", "operator": "Exists"}],
                [{"key": "operator", "operator": "Exists"}],
            ),
        ),
        ("compute.priorityClassName", "priorityClassName", ("job-class", "profile-class", "operator-class")),
        ("compute.runtimeClassName", "runtimeClassName", ("job-runtime", "profile-runtime", "operator-runtime")),
        ("compute.resources.requests", "requests", ({"memory": "3Gi"}, {"memory": "2Gi"}, {"cpu": "1"})),
    ],
)
def test_what_the_operator_s_settings_say_holds_where_neither_job_nor_profile_says_it(
    where: str, field: str, values: tuple[Any, Any, Any]
) -> None:
    job, profile, operator = values
    assert said(effective(nested({where: job}), nested({where: profile})), field) == job
    assert said(effective({}, nested({where: profile})), field) == profile
    assert said(effective({}, {}), field) == operator


def test_empty_resources_say_nothing() -> None:
    result = effective({"compute": {"resources": {}}}, {"compute": {"resources": {"requests": {"cpu": "2"}}}})
    assert result["requests"] == {"cpu": "2"}


def test_a_map_or_list_of_the_job_replaces_the_profile_s_as_a_whole() -> None:
    above = {"compute": {"nodeSelector": {"disk": "fast"}}, "output": {"formats": ["srt"]}}
    below = {
        "compute": {"nodeSelector": {"gpu": "a100"}, "device": "cuda"},
        "output": {"formats": ["json", "txt"], "prefix": "t/"},
    }
    assert layered(above, below) == {
        "compute": {"nodeSelector": {"disk": "fast"}, "device": "cuda"},
        "output": {"formats": ["srt"], "prefix": "t/"},
    }


def test_layering_changes_neither_layer() -> None:
    above, below = {"vad": {"onset": 0.6}}, {"vad": {"offset": 0.2}}
    layered(above, below)
    assert (above, below) == ({"vad": {"onset": 0.6}}, {"vad": {"offset": 0.2}})


def test_what_nobody_says_is_built_in() -> None:
    spec = resolve(SOURCE, SETTINGS, profile=a_profile()).spec
    assert spec == TranscriptionJobSpec.model_validate(SOURCE)
