"""The CRD that users install: structural, described, bounded, and compatible with what was released."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.contract.compatibility import breaking_changes
from transcription_api.crd import custom_resource_definition
from transcription_api.kinds import KINDS, TRANSCRIPTION_JOB
from transcription_api.spec import TranscriptionJobSpec
from transcription_api.status import TranscriptionJobStatus

RELEASED = Path(__file__).with_name("released_v1alpha1.yaml")


def schema_of(crd: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def fields(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, field in schema.get("properties", {}).items():
        yield f"{path}.{name}", field
        yield from fields(field, f"{path}.{name}")
        if isinstance(field.get("items"), dict):
            yield f"{path}.{name}[]", field["items"]
            yield from fields(field["items"], f"{path}.{name}[]")


OURS = [
    (f"{kind.kind}{path}", field)
    for kind in KINDS
    for path, field in fields(schema_of(custom_resource_definition(kind)))
    if path.startswith((".spec", ".status"))
]


def test_a_manifest_for_the_released_crd_still_works() -> None:
    released = yaml.safe_load(RELEASED.read_text())
    found = list(breaking_changes(schema_of(released), schema_of(custom_resource_definition(TRANSCRIPTION_JOB))))
    # A run stops once the limit is passed; by default none is to stop at its first bad file (decision 0022).
    assert found == [".spec.maxFailedFiles: the default changed from 0 to None"]


def test_the_compatibility_check_sees_a_removed_field_a_narrower_bound_and_a_lost_enum_value() -> None:
    old = schema_of(custom_resource_definition(TRANSCRIPTION_JOB))
    new = deepcopy(old)
    spec = new["properties"]["spec"]["properties"]
    del spec["runId"]
    spec["parallelism"]["maximum"] = 8
    spec["task"]["enum"].remove("translate")
    found = "\n".join(breaking_changes(old, new))
    assert ".spec.runId: is gone" in found
    assert ".spec.parallelism: maximum fell to 8" in found
    assert ".spec.task: no longer takes ['translate']" in found


@pytest.mark.parametrize(("path", "field"), OURS, ids=[path for path, _ in OURS])
def test_every_field_is_explained_and_bounded(path: str, field: dict[str, Any]) -> None:
    asked = ".spec" in path
    if not path.endswith("[]"):
        assert field.get("description"), f"{path} says nothing in kubectl explain"
    if asked and field.get("type") == "string":
        assert "maxLength" in field or "enum" in field, f"{path} takes strings of any length"
    if asked and field.get("type") == "array":
        assert "maxItems" in field, f"{path} takes lists of any length"
    if asked and field.get("type") in ("integer", "number"):
        assert "minimum" in field, f"{path} has no lower bound"
        assert "maximum" in field, f"{path} has no upper bound"


def test_no_field_is_nullable_so_that_nulls_in_a_manifest_are_pruned() -> None:
    assert [path for path, field in OURS if field.get("nullable")] == []


def test_the_spec_with_only_a_bucket_has_every_documented_default() -> None:
    spec = TranscriptionJobSpec.model_validate({"source": {"bucket": "calls"}})
    assert spec.output.prefix == "transcripts/"
    assert spec.output.formats == ["json", "tsv", "txt", "vtt", "srt"]
    assert (spec.decoding.beam_size, spec.vad.onset, spec.vad.offset, spec.vad.chunk_size) == (5, 0.5, 0.363, 30)
    assert (spec.parallelism, spec.backoff_limit, spec.ttl_seconds_after_finished, spec.max_failed_files) == (1, 3, 3600, None)


def test_the_models_and_the_crd_agree_on_the_names_of_spec_and_status() -> None:
    properties = schema_of(custom_resource_definition(TRANSCRIPTION_JOB))["properties"]
    for name, model in (("spec", TranscriptionJobSpec), ("status", TranscriptionJobStatus)):
        assert set(properties[name]["properties"]) == {field.alias for field in model.model_fields.values()}


def test_kubectl_get_shows_what_the_design_promises() -> None:
    columns = custom_resource_definition(TRANSCRIPTION_JOB)["spec"]["versions"][0]["additionalPrinterColumns"]
    usual = [column["name"] for column in columns if not column.get("priority")]
    wide = [column["name"] for column in columns if column.get("priority")]
    assert usual == ["Phase", "Progress", "Files", "Failed", "Speed", "Age"]
    assert wide == ["End", "Model", "Language", "Job", "Message"]
