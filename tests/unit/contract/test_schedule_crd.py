"""What the API server is told about schedules: the grammar of cron, and a template with a job's own rules."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcription_api.crd import custom_resource_definition
from transcription_api.kinds import TRANSCRIPTION_JOB, TRANSCRIPTION_SCHEDULE, CustomKind
from transcription_operator.schedule.timetable import Timetable, TimetableError

BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def spec_of(kind: CustomKind) -> dict[str, Any]:
    schema = custom_resource_definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    spec: dict[str, Any] = schema["properties"]["spec"]
    return spec


PATTERNS = [
    re.findall(r"matches\(r'(.*?)'\)", rule["rule"])[-1]
    for rule in spec_of(TRANSCRIPTION_SCHEDULE)["properties"]["schedule"]["x-kubernetes-validations"]
]


def accepted(expression: str) -> bool:
    return all(re.search(pattern, expression) for pattern in PATTERNS)


def fault(expression: str) -> str:
    """What the operator has against it."""
    try:
        Timetable.read(expression, None)
    except TimetableError as error:
        return str(error)
    return ""


def part(low: int, high: int) -> st.SearchStrategy[str]:
    value = st.integers(low, high)
    ranges = st.tuples(value, value).map(lambda pair: f"{min(pair)}-{max(pair)}")
    steps = st.tuples(st.one_of(st.just("*"), ranges), st.integers(1, 60)).map(lambda pair: f"{pair[0]}/{pair[1]}")
    return st.one_of(st.just("*"), value.map(str), ranges, steps)


EXPRESSIONS = st.tuples(*(st.lists(part(*bounds), min_size=1, max_size=3).map(",".join) for bounds in BOUNDS)).map(" ".join)


@settings(max_examples=200)
@given(EXPRESSIONS)
def test_every_expression_that_cron_understands_is_taken(expression: str) -> None:
    assert accepted(expression)
    assert re.search("^$|day-of-month|never due", fault(expression))


@settings(max_examples=300)
@given(st.lists(st.text("0123456789*/-,?LW#janMON ", max_size=6), min_size=4, max_size=6).map(" ".join))
def test_what_is_taken_is_understood_but_for_what_no_pattern_can_tell(expression: str) -> None:
    if accepted(expression):
        assert re.search("^$|bad|never due", fault(expression))


@pytest.mark.parametrize(
    "expression", ["60 * * * *", "* 24 * * *", "* * 32 * *", "* * * 13 *", "* * * * 8", "* * * * L", "*/0 * * * *"]
)
def test_what_is_out_of_bounds_is_refused(expression: str) -> None:
    assert not accepted(expression)


def test_a_template_has_a_jobs_own_rules_but_those_that_forbid_changes() -> None:
    of_a_job = spec_of(TRANSCRIPTION_JOB)["x-kubernetes-validations"]
    of_a_template = spec_of(TRANSCRIPTION_SCHEDULE)["properties"]["jobTemplate"]["properties"]["spec"]["x-kubernetes-validations"]
    assert of_a_template == [rule for rule in of_a_job if "oldSelf" not in rule["rule"]] != []
    assert (
        spec_of(TRANSCRIPTION_SCHEDULE)["properties"]["jobTemplate"]["properties"]["spec"]["properties"]
        == (spec_of(TRANSCRIPTION_JOB)["properties"])
    )


def test_kubectl_get_tss_shows_what_people_look_for() -> None:
    columns = custom_resource_definition(TRANSCRIPTION_SCHEDULE)["spec"]["versions"][0]["additionalPrinterColumns"]
    usual = [column["name"] for column in columns if not column.get("priority")]
    assert usual == ["Schedule", "Zone", "Suspend", "Active", "Last", "Next", "Age"]
    assert {column["name"]: column["type"] for column in columns}["Next"] == "string", "kubectl shows a future date as <invalid>"
