"""From a pydantic model to a Kubernetes structural schema: references inlined, JSON Schema 2020-12 turned into OpenAPI v3.

A default in the schema is filled in by the API server, before anybody can see that the field was left out. Fields that `told`
names have theirs in the description instead.
"""

import re
from typing import Any

from pydantic import BaseModel

_DROPPED = {"title", "$defs", "discriminator"}
_TOLD = "x-defaults-told"
_DEFAULT = re.compile(r" Default: (.*)\.$")


def told(model: type[BaseModel]) -> dict[str, Any]:
    """For `json_schema_extra` of a model that has the fields of `model`: their defaults, at any depth, are not filled in."""
    return {_TOLD: [field.alias for field in model.model_fields.values()]}


def told_default(description: str) -> tuple[str, str | None]:
    """A description as it was written, and the default that was added to it."""
    found = _DEFAULT.search(description)
    return (description[: found.start()], found[1]) if found else (description, None)


def structural_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The OpenAPI v3 schema of `model` as a CRD may carry it.

    Optional fields lose their `null` branch: the API server prunes nulls of fields that are not nullable, so a manifest may
    still say `language: null`.

    Raises ValueError for a construct that a structural schema cannot express.
    """
    document = model.model_json_schema(by_alias=True, mode="validation")
    return _convert(document, document.get("$defs", {}))


def _with_told_defaults(schema: dict[str, Any]) -> dict[str, Any]:
    """A settings field as an object may leave it out. Items of a list are whole: nobody else fills those in."""
    result = {name: value for name, value in schema.items() if name != "default"}
    if "properties" in schema:
        result["properties"] = {name: _with_told_defaults(field) for name, field in schema["properties"].items()}
    elif "default" in schema:
        result["description"] = f"{schema['description']} Default: {as_text(schema['default'])}."
    return result


def as_text(default: Any) -> str:
    """As one would write it in YAML."""
    if isinstance(default, list):
        return f"[{', '.join(as_text(item) for item in default)}]"
    return str(default).lower() if isinstance(default, bool) else str(default)


def _convert(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    node = _without_null(_resolved(node, definitions), definitions)
    result: dict[str, Any] = {}
    for name, value in node.items():
        if name in _DROPPED or (name == "default" and value is None):
            continue
        if name == "properties":
            required = node.get("required", [])
            fields = sorted(value.items(), key=lambda item: item[0] not in required)
            result[name] = {field: _convert(schema, definitions) for field, schema in fields}
        elif name == "items":
            result[name] = _convert(value, definitions)
        elif name == "additionalProperties":
            if isinstance(value, dict):
                result[name] = _convert(value, definitions)
            elif value is True:
                result["x-kubernetes-preserve-unknown-fields"] = True
        elif name in ("exclusiveMinimum", "exclusiveMaximum"):
            bound = "minimum" if name == "exclusiveMinimum" else "maximum"
            result[bound], result[name] = value, True
        elif name == "const":
            result["enum"] = [value]
        elif name == "description":
            result[name] = " ".join(value.split())
        elif name in ("anyOf", "oneOf", "allOf", "patternProperties", "prefixItems", "propertyNames"):
            raise ValueError(f"{name} has no place in a structural schema: {node}")
        elif name == "default" and "properties" in node:
            result[name] = _without_nulls(value)
        elif name != _TOLD:
            result[name] = value
    for field in node.get(_TOLD, []):
        result["properties"][field] = _with_told_defaults(result["properties"][field])
    return result


def _resolved(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """`node` with its `$ref` replaced by what it names; what stands beside the reference wins."""
    if "$ref" not in node:
        return node
    target = definitions[node["$ref"].removeprefix("#/$defs/")]
    beside = {name: value for name, value in node.items() if name != "$ref"}
    return {**_resolved(target, definitions), **beside}


def _without_null(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """`X | None` as X; what stands beside the union (description, default) wins."""
    branches = [branch for branch in node.get("anyOf", []) if branch.get("type") != "null"]
    if len(branches) != 1:
        return node
    beside = {name: value for name, value in node.items() if name != "anyOf"}
    return {**_resolved(branches[0], definitions), **beside}


def _without_nulls(default: dict[str, Any]) -> dict[str, Any]:
    """A default object as the API server takes it: whole, since rules are checked on it, and free of nulls."""
    return {
        name: _without_nulls(value) if isinstance(value, dict) else value for name, value in default.items() if value is not None
    }
