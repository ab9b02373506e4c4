"""What the chart says twice must be the same in both places."""

from pathlib import Path

from transcription_api.names import ANNOTATION_REPORT
from transcription_api.report import MOST_REPORT_BYTES

TEMPLATES = Path(__file__).parents[3] / "deploy" / "helm" / "transcription-operator" / "templates"


def test_the_admission_policy_speaks_of_the_annotation_and_the_length_that_runners_keep_to() -> None:
    helpers = (TEMPLATES / "_helpers.tpl").read_text()
    assert f'{{{{- define "operator.reportAnnotation" -}}}}\n{ANNOTATION_REPORT}\n' in helpers
    assert f"<= {MOST_REPORT_BYTES}" in (TEMPLATES / "runner-report-policy.yaml").read_text()
