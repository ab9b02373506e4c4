"""Events as the API server takes them, whatever the object that they are about is called."""

import re

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.operator.world import a_job, at
from transcription_operator.event import event_object
from transcription_operator.plan import EventRecord

NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


@given(st.integers(228, 240), st.sampled_from(("", ".", "-", "--")), st.integers(1, 10))
def test_an_event_about_an_object_with_a_long_name_has_a_name_that_is_taken(start: int, between: str, end: int) -> None:
    resource = a_job("a" * start + between + "b" * end).observed().resource
    name = event_object(resource, EventRecord("Normal", "Succeeded", "all done"), at(0))["metadata"]["name"]
    assert NAME.fullmatch(name)
    assert len(name) <= 253
