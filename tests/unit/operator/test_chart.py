"""What the chart says twice must be the same in both places."""

import json
from pathlib import Path

import yaml

from transcription_api.names import ANNOTATION_REPORT, MAX_PARALLELISM
from transcription_api.report import MOST_REPORT_BYTES
from transcription_operator.settings import EventSink
from transcription_runner.models.hub import PICKLE_OWNERS
from transcription_runner.serve.command import JOBS_PREFIX, PLACES, PORT
from transcription_runner.serve.jobs.resource import LABEL_MADE_BY, MADE_BY

CHART = Path(__file__).parents[3] / "deploy" / "helm" / "transcription-operator"
TEMPLATES = CHART / "templates"


def test_the_admission_policy_speaks_of_the_annotation_and_the_length_that_runners_keep_to() -> None:
    helpers = (TEMPLATES / "_helpers.tpl").read_text()
    assert f'{{{{- define "operator.reportAnnotation" -}}}}\n{ANNOTATION_REPORT}\n' in helpers
    assert f"<= {MOST_REPORT_BYTES}" in (TEMPLATES / "runner-report-policy.yaml").read_text()


def test_the_policy_for_jobs_speaks_of_the_bounds_and_owners_that_the_code_has() -> None:
    assert yaml.safe_load((CHART / "values.yaml").read_text())["policy"]["maxParallelism"] == MAX_PARALLELISM
    (owner,) = PICKLE_OWNERS
    assert f"variables.diarizerKey == '{owner}'" in (TEMPLATES / "job-policy.yaml").read_text()


def test_the_service_of_the_chart_is_where_the_command_says() -> None:
    template = (TEMPLATES / "transcription-service.yaml").read_text()
    assert f"--port={PORT}\n" in template
    assert f"containerPort: {PORT}}}" in template
    values = yaml.safe_load((CHART / "values.yaml").read_text())["service"]
    assert values["jobs"]["prefix"] == JOBS_PREFIX
    assert f"# 0: {PLACES['cuda']} on a GPU, {PLACES['cpu']} on a CPU.\n  places: 0\n" in (CHART / "values.yaml").read_text()


def test_the_policy_for_the_service_speaks_of_the_label_that_it_gives_its_jobs() -> None:
    policy = (TEMPLATES / "service-jobs.yaml").read_text()
    assert f"labels[?'{LABEL_MADE_BY}'].orValue('') == '{MADE_BY}'" in policy


def test_the_sink_of_the_values_may_be_what_the_operator_takes() -> None:
    values = json.loads((CHART / "values.schema.json").read_text())["properties"]["events"]["properties"]
    taken = EventSink.model_json_schema()["properties"]
    assert values["url"]["pattern"] == "^(" + taken["url"]["pattern"].removeprefix("^").removesuffix("$") + ")?$"
    assert values["source"]["pattern"] == taken["source"]["pattern"]
    assert values["timeoutSeconds"]["maximum"] == taken["timeoutSeconds"]["maximum"]
