"""What the operator last gave a Job is read from an annotation that anybody may write, on Jobs of any namespace."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.operator.world import a_running_job
from transcription_api.names import ANNOTATION_LAST_APPLIED
from transcription_operator.last_applied import Applied, read_applied
from transcription_operator.observed import read_job

LIVE = Applied(suspend=True, parallelism=7)


@given(suspend=st.booleans(), parallelism=st.integers(1, 256))
def test_what_was_written_is_read(suspend: bool, parallelism: int) -> None:
    applied = Applied(suspend, parallelism)
    assert read_applied(applied.annotation()[ANNOTATION_LAST_APPLIED], LIVE) == applied


@pytest.mark.parametrize(
    "nonsense",
    [
        '{"suspend": false, "parallelism": Infinity}',
        '{"suspend": false, "parallelism": 1e999}',
        '{"suspend": false, "parallelism": ' + "9" * 5000 + "}",
        "[" * 100_000,
        '{"suspend": false}',
        '"parallelism"',
        "[]",
        "",
    ],
    ids=lambda text: text[:44],
)
def test_nonsense_counts_as_what_the_job_is_and_is_no_error(nonsense: str) -> None:
    """Whoever may make a Job somewhere could else end the operator, for good: it lists this Job at each start."""
    assert read_applied(nonsense, LIVE) == LIVE


@given(st.text() | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_whatever_stands_there_is_no_error(text: str) -> None:
    read_applied(text, LIVE)


def test_a_job_without_the_annotation_was_given_what_it_is() -> None:
    job = a_running_job()
    del job.child["metadata"]["annotations"][ANNOTATION_LAST_APPLIED]
    job.child["spec"].update(suspend=True, parallelism=7)
    assert read_job(job.child).last_applied == LIVE
