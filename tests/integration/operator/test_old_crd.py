"""A CRD that is older than the operator: jobs run as ever, the administrator is told once, and nothing is written in circles."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.kubectl import Kubectl
from tests.integration.operator.admission import requests
from tests.integration.operator.operators import Operator, eventually
from tests.integration.operator.pods import Transcription

CRD = Path(__file__).parents[3] / "crds" / "transcriptionjobs.yaml"
UNKNOWN = ("fileProgress", "model")


def applied(kubectl: Kubectl, definition: dict[str, Any]) -> None:
    flags = ("--server-side", "--force-conflicts", "--field-manager=helm", "-f", "-")
    kubectl("apply", *flags, given=json.dumps(definition))


@pytest.fixture
def old_crd(team: Kubectl) -> Iterator[None]:
    """The CRD of a version that knew fewer fields of status."""
    definition = yaml.safe_load(CRD.read_text())
    old = yaml.safe_load(CRD.read_text())
    status = old["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"]
    for field in UNKNOWN:
        del status[field]
    applied(team, old)
    Transcription.apply(team, "probe", suspend=True)

    def drops() -> bool:
        flags = ("--subresource=status", "--type=merge", "--dry-run=server", "-o", "json")
        answer = team("patch", "tsj", "probe", *flags, "-p", '{"status":{"fileProgress":"0/1"}}')
        return "fileProgress" not in json.loads(answer).get("status", {})

    try:
        eventually(drops)
        yield
    finally:
        applied(team, definition)
        eventually(lambda: not drops())


def test_a_job_runs_to_its_end_and_nothing_is_written_in_circles(team: Kubectl, old_crd: None, operator: Operator) -> None:
    job = Transcription.apply(team, "aged")
    (pod,) = job.pods()
    job.pod_runs(pod)
    job.phase("Running", 60)
    before = requests(team, "PATCH", "transcriptionjobs", "status")
    time.sleep(5)
    assert requests(team, "PATCH", "transcriptionjobs", "status") == before, "at rest"
    job.pod_ends(pod)
    status = job.phase("Succeeded", 60)
    assert not set(UNKNOWN) & status.keys()
    assert operator.log().count("drops status.model: the TranscriptionJob CRD is older than this operator") == 1
    assert operator.log().count("status.fileProgress") == 1
    assert "again and again" not in operator.log()
