"""What the chart renders from each of ci/*-values.yaml is as Kubernetes describes it, and as its critics want it."""

import re
from pathlib import Path

import pytest
import yaml

from tests.charts.programs import CHART, against_schemas, linted, rendered, scored
from tests.charts.schemas import write_schemas
from transcription_api.names import GROUP

ROOT = CHART.parents[2]
VALUES = sorted((CHART / "ci").glob("*-values.yaml"), key=lambda file: file.name)
SIX = pytest.mark.parametrize("values", VALUES, ids=[file.name.removesuffix("-values.yaml") for file in VALUES])

_OURS = "(Deployment|Pod|Job)/speech-transcription-operator.*"
ACCEPTED = {
    "container-ephemeral-storage-request-and-limit": {_OURS: "what is written goes to emptyDirs, and these have size limits"},
    "container-image-pull-policy": {_OURS: "a tag is a version and is not moved; a digest cannot be"},
    "container-resources": {_OURS: "memory is limited; a limit of CPU would only slow down what has the node to itself"},
    "deployment-replicas": {"Deployment/.*": "one operator is enough, and each service takes a GPU: decisions of who installs"},
    "deployment-has-host-podantiaffinity": {"Deployment/.*-service": "the values spread it by topologySpreadConstraints"},
    "container-security-context-user-group-id": {_OURS: "service-values leave the user to the namespace, as OpenShift wants it"},
    "pod-networkpolicy": {
        "Deployment/.*": "networkPolicy is off at first: a network that enforces none ignores them",
        "(Pod|Job)/.*": "what helm test and the fetching of models may reach is for the namespace to say",
    },
    "networkpolicy-targets-pod": {"NetworkPolicy/.*-runner": "the operator makes those pods, not the chart"},
}
"""What kube-score may find: check -> objects (a pattern of kind/name) -> why that is as it should be."""


def manifests() -> list[Path]:
    return [file for file in sorted((ROOT / "examples").rglob("*.yaml")) if f"apiVersion: {GROUP}/" in file.read_text()]


@pytest.fixture(scope="session")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("schemas")
    texts = [rendered("-f", str(values)) for values in VALUES]
    write_schemas(folder, {kind for text in texts for kind in re.findall(r"^kind: (\w+)$", text, re.MULTILINE)})
    return folder


def accepted(check: str, thing: str) -> bool:
    return any(re.fullmatch(pattern, thing) for pattern in ACCEPTED.get(check, {}))


@SIX
def test_the_chart_is_in_order(values: Path) -> None:
    assert linted("-f", str(values)) == ""


@SIX
def test_every_object_is_as_kubernetes_describes_it(values: Path, schemas: Path) -> None:
    assert against_schemas(rendered("-f", str(values)), schemas) == ""


def test_a_field_that_does_not_exist_is_found(schemas: Path) -> None:
    text = rendered("-f", str(VALUES[0]))
    assert "revisionHistoryLimits" in against_schemas(text.replace("revisionHistoryLimit:", "revisionHistoryLimits:"), schemas)


@SIX
def test_every_critic_s_finding_has_its_reason(values: Path) -> None:
    found = scored(rendered("-f", str(values)))
    assert [finding for finding in found if not accepted(*finding[:2])] == []


def test_no_reason_is_left_over() -> None:
    found = [(check, thing) for values in VALUES for check, thing, _ in scored(rendered("-f", str(values)))]
    reasons = [(check, pattern) for check, patterns in ACCEPTED.items() for pattern in patterns]
    assert [
        (check, pattern)
        for check, pattern in reasons
        if not any(check == what and re.fullmatch(pattern, thing) for what, thing in found)
    ] == []


def test_every_manifest_that_users_copy_is_as_our_crds_describe_it(schemas: Path) -> None:
    """Whatever else is in these files is of projects whose schemas are not here."""
    for file in manifests():
        ours = [o for o in yaml.safe_load_all(file.read_text()) if o and o["apiVersion"].startswith(f"{GROUP}/")]
        assert against_schemas(yaml.safe_dump_all(ours), schemas) == "", file


def test_the_values_of_the_ci_files_are_the_chart_s_own() -> None:
    """One that is misspelt would be refused by the schema; one that is as it comes anyway would test nothing."""
    (full,) = [file for file in VALUES if file.name == "full-values.yaml"]
    usual = yaml.safe_load((CHART / "values.yaml").read_text())
    given = yaml.safe_load(full.read_text())
    assert [name for name, value in given.items() if usual[name] == value] == []
