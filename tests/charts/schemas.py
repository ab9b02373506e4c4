"""JSON Schemas of the objects that the chart makes: from the API server's own description and from our CRDs, strict.

Strict: a field that is not described is refused, as `kubectl --validate=strict` would refuse it. A CRD's own schema nests without
end; below the first level of nesting anything is taken.
"""

import json
import subprocess
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from dev.cluster.places import TOOLS
from dev.cluster.programs import KUBERNETES
from transcription_api.crd import custom_resource_definition
from transcription_api.kinds import KINDS

INT_OR_TEXT = {"anyOf": [{"type": "string"}, {"type": "integer"}]}
LOCATION = "{{.Group}}_{{.ResourceAPIVersion}}_{{.ResourceKind}}.json"
"""A schema's file name, as kubeconform is told it; where there is no group it takes the version for one."""
_KEPT = ("type", "enum", "required", "pattern", "minimum", "maximum", "maxItems", "minItems", "maxLength", "minLength")


def write_schemas(folder: Path, wanted: Collection[str]) -> None:
    """A file for each of these kinds of Kubernetes, in every version, and for each of ours."""
    for (group, version, kind), schema in (*_kubernetes(wanted), *_ours()):
        (folder / f"{group or version}_{version}_{kind.lower()}.json").write_text(json.dumps(schema))


def _ours() -> Iterator[tuple[tuple[str, str, str], dict[str, Any]]]:
    for kind in KINDS:
        crd = custom_resource_definition(kind)["spec"]
        version = crd["versions"][0]
        schema = _strict(version["schema"]["openAPIV3Schema"], {}, ())
        # As for every kind; a CRD does not say it.
        schema["properties"] |= {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}
        yield (crd["group"], version["name"], crd["names"]["kind"]), schema


def _kubernetes(wanted: Collection[str]) -> Iterator[tuple[tuple[str, str, str], dict[str, Any]]]:
    definitions = _description()["definitions"]
    for name, definition in definitions.items():
        kinds = definition.get("x-kubernetes-group-version-kind", [])
        if len(kinds) == 1 and kinds[0]["kind"] in wanted:
            (known,) = kinds
            yield (known["group"], known["version"], known["kind"]), _strict(definition, definitions, (name,))


@cache
def _description() -> dict[str, Any]:
    """The OpenAPI document that the pinned Kubernetes ships in its module."""
    command = ["go", "mod", "download", "-json", f"k8s.io/kubernetes@v{KUBERNETES}"]
    module = json.loads(subprocess.run(command, cwd=TOOLS, capture_output=True, text=True, check=True).stdout)
    document: dict[str, Any] = json.loads((Path(module["Dir"]) / "api/openapi-spec/swagger.json").read_text())
    return document


def _strict(node: dict[str, Any], definitions: dict[str, Any], way: tuple[str, ...]) -> dict[str, Any]:
    """`node` with its references replaced by what they name, and nothing allowed that it does not describe."""
    if "$ref" in node:
        name = node["$ref"].removeprefix("#/definitions/")
        if name.endswith(("intstr.IntOrString", "resource.Quantity")):
            return INT_OR_TEXT
        return {} if name in way else _strict(definitions[name], definitions, (*way, name))
    if node.get("x-kubernetes-int-or-string"):
        return INT_OR_TEXT
    result = {key: node[key] for key in _KEPT if key in node}
    if "items" in node:
        result["items"] = _strict(node["items"], definitions, way)
    if isinstance(node.get("additionalProperties"), dict):
        result["additionalProperties"] = _strict(node["additionalProperties"], definitions, way)
    if "properties" in node:
        result["properties"] = {key: _strict(value, definitions, way) for key, value in node["properties"].items()}
        if not node.get("x-kubernetes-preserve-unknown-fields"):
            result["additionalProperties"] = False
    return result
