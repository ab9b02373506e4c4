"""How kopf is set up: it tells what it sees, and writes to no object."""

import kopf

from tests.unit.operator.world import SETTINGS
from transcription_operator.wiring import kopf_settings


def test_the_finalizer_that_kopf_takes_off_has_a_name_that_nobody_else_can_have_written() -> None:
    """Else an object with it, for another kopf operator or out of malice, would be patched, or its events lie for a day."""
    names = {kopf_settings(SETTINGS).persistence.finalizer for _ in range(2)}
    assert len(names | {kopf.OperatorSettings().persistence.finalizer}) == 3
