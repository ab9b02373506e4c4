"""What the API server stores of every example is what was applied: nothing that a GitOps controller would take for drift."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.definitions import install_definitions
from tests.integration.kubectl import Kubectl

ROOT = Path(__file__).parents[3]
EXAMPLES = [
    (f"{path.relative_to(ROOT)}", document)
    for path in sorted((ROOT / "examples").rglob("*.yaml"))
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    if document["apiVersion"].startswith("transcription.whisperx.dev/")
]


@pytest.fixture(scope="module")
def kubectl(namespace: Kubectl) -> Kubectl:
    install_definitions(namespace)
    return namespace


def drift(applied: Any, stored: Any, defaults: dict[str, Any], path: str = "") -> list[str]:
    """Fields that are stored otherwise than applied, or were added though the schema has no such default."""
    if isinstance(applied, dict) and isinstance(stored, dict):
        properties = defaults.get("properties", {})
        found = [
            f"{path}.{name} was added" for name in stored if name not in applied and "default" not in properties.get(name, {})
        ]
        for name, value in applied.items():
            found += drift(value, stored.get(name), properties.get(name, {}), f"{path}.{name}")
        return found
    return [] if applied == stored else [f"{path}: {applied!r} is stored as {stored!r}"]


@pytest.mark.parametrize(("path", "applied"), EXAMPLES, ids=[path for path, _ in EXAMPLES])
def test_an_example_is_stored_as_it_was_applied(kubectl: Kubectl, path: str, applied: dict[str, Any]) -> None:
    stored = json.loads(kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", "-o", "json", given=json.dumps(applied)))
    schema = definition(applied["kind"])
    assert drift(applied["spec"], stored["spec"], schema) == []
    for field in ("labels", "annotations"):
        assert stored["metadata"].get(field) == applied["metadata"].get(field)


def definition(kind: str) -> dict[str, Any]:
    """The schema of the kind's spec."""
    for path in (ROOT / "crds").glob("*.yaml"):
        found = yaml.safe_load(path.read_text(encoding="utf-8"))["spec"]
        if found["names"]["kind"] == kind:
            schema: dict[str, Any] = found["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
            return schema
    raise LookupError(kind)


def test_a_changed_and_an_added_field_are_drift() -> None:
    schema = {"properties": {"suspend": {"default": False}, "language": {}}}
    assert drift({"language": "en"}, {"language": "en", "suspend": False}, schema) == []
    assert drift({"language": "en"}, {"language": "EN"}, schema) == [".language: 'en' is stored as 'EN'"]
    assert drift({}, {"language": "en"}, schema) == [".language was added"]
    assert drift({"language": "en"}, {}, schema) == [".language: 'en' is stored as None"]
