"""What the chart says twice must be the same in both places."""

import re
from pathlib import Path

from transcription_api.status import TranscriptionJobStatus
from transcription_operator.status_patch import RUNNER_FIELDS

CHART = Path(__file__).parents[3] / "deploy" / "helm" / "transcription-operator"


def test_the_admission_policy_protects_every_field_that_the_operator_owns() -> None:
    template = (CHART / "templates" / "runner-status-policy.yaml").read_text()
    listed = re.search(r"\$fields := list ((?:\"\w+\" ?)+)", template)
    assert listed is not None
    fields = {field.alias or name for name, field in TranscriptionJobStatus.model_fields.items()}
    assert set(re.findall(r"\w+", listed[1])) == fields - RUNNER_FIELDS
