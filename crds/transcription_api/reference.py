"""The API reference (Markdown): one row for each field, read from the CRD itself so that it cannot drift from it."""

from collections.abc import Iterator
from typing import Any


def api_reference(crd: dict[str, Any]) -> str:
    """A table of every field of spec and status, with type, default, bounds and the rules that span fields."""
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    names = crd["spec"]["names"]
    lines = [
        "<!-- Generated from crds/transcription_api by `make generate`; do not edit. -->",
        "",
        f"# API reference: {names['kind']}",
        "",
        f"`{crd['spec']['group']}/{crd['spec']['versions'][0]['name']}`, kind `{names['kind']}`, short name "
        f"`{names['shortNames'][0]}`. {schema['description']}",
    ]
    for part in ("spec", "status"):
        lines += ["", f"## {part}", "", "| field | type | default | what it is |", "|---|---|---|---|"]
        lines += list(_rows(part, schema["properties"][part]))
    lines += ["", "## Rules", "", "Refused by the API server, with these messages:", ""]
    lines += [f"- `{path or 'spec'}`: {message}" for path, message in _rules("spec", schema["properties"]["spec"])]
    return "\n".join(lines) + "\n"


def _rows(path: str, schema: dict[str, Any]) -> Iterator[str]:
    required = schema.get("required", [])
    for name, field in schema.get("properties", {}).items():
        where = f"{path}.{name}"
        default = "required" if name in required else _default(field)
        yield f"| `{where}` | {_type(field)} | {default} | {field.get('description', '')} |"
        yield from _rows(where, field)
        if field.get("type") == "array":
            yield from _rows(f"{where}[]", field["items"])


def _default(field: dict[str, Any]) -> str:
    if "default" not in field or field.get("properties"):
        return ""
    value = field["default"]
    return f"`{str(value).lower() if isinstance(value, bool) else value}`" if value != "" else '`""`'


def _type(field: dict[str, Any]) -> str:
    if "enum" in field:
        values = field["enum"]
        return "one of " + ", ".join(f"`{value}`" for value in values) if len(values) <= 12 else f"one of {len(values)} codes"
    if field.get("x-kubernetes-int-or-string"):
        return "quantity"
    kind = str(field.get("type", "any"))
    if kind == "array":
        return f"list of {_type(field['items'])}"
    low, high = field.get("minimum"), field.get("maximum")
    if low is not None and high is not None:
        return f"{kind}, {low} to {high}"
    return kind if low is None else f"{kind}, at least {low}"


def _rules(path: str, schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for rule in schema.get("x-kubernetes-validations", []):
        yield path + rule.get("fieldPath", ""), rule["message"]
    for name, field in schema.get("properties", {}).items():
        yield from _rules(f"{path}.{name}", field)
    if "items" in schema:
        yield from _rules(f"{path}[]", schema["items"])
