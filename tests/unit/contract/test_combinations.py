"""Settings that exclude or need each other: the API server and the operator judge alike."""

import pytest

from tests.integration.contract.invalid_specs import INVALID, Invalid
from transcription_api.combinations import COMBINATIONS, contradictions
from transcription_api.profile import ProfileSpec
from transcription_api.spec import TranscriptionJobSpec
from transcription_api.structural import structural_schema


def readable(case: Invalid) -> TranscriptionJobSpec | None:
    """The spec of a case in which each field alone is right."""
    try:
        return TranscriptionJobSpec.model_validate({"source": {"bucket": "calls"}, **case.change})
    except ValueError:
        return None


def broken(case: Invalid) -> list[str]:
    spec = readable(case)
    return [combination.at for combination in contradictions(spec)] if spec else []


def test_there_is_a_manifest_for_each_combination_that_the_api_server_must_refuse() -> None:
    assert {combination.at for combination in COMBINATIONS} == {field for case in INVALID for field in broken(case)}


@pytest.mark.parametrize("case", [case for case in INVALID if broken(case)], ids=lambda case: case.what)
def test_the_operator_says_of_a_refused_manifest_what_the_api_server_says(case: Invalid) -> None:
    spec = readable(case)
    assert spec is not None
    assert any(case.names in combination.message or case.names.endswith(combination.at) for combination in contradictions(spec))


def test_a_job_with_a_bucket_alone_breaks_nothing() -> None:
    assert contradictions(TranscriptionJobSpec.model_validate({"source": {"bucket": "calls"}})) == []


def test_every_field_that_a_combination_speaks_of_is_a_setting() -> None:
    settings = structural_schema(ProfileSpec)
    for path in (path for combination in COMBINATIONS for path in (combination.at, *combination.fields)):
        schema = settings
        for name in path.split("."):
            assert name in schema["properties"], path
            schema = schema["properties"][name]
