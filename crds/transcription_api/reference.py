"""The API reference (Markdown): one row for each field, read from the CRD itself so that it cannot drift from it."""

from collections.abc import Iterator
from typing import Any

from transcription_api.structural import told_default


def api_reference(crds: list[dict[str, Any]]) -> str:
    """For each kind a table of every field of spec and status, with type, default, bounds and the rules that span fields."""
    lines = ["<!-- Generated from crds/transcription_api by `make generate`; do not edit. -->", "", "# API reference"]
    told: dict[str, Any] = {}
    for crd in crds:
        lines += ["", *_kind(crd, told)]
    return "\n".join(lines) + "\n"


def _kind(crd: dict[str, Any], told: dict[str, Any]) -> Iterator[str]:
    """A kind's chapter; what is the spec of a kind in `told` (kind -> spec), its own or one inside it, is not told again."""
    names, version = crd["spec"]["names"], crd["spec"]["versions"][0]
    schema = version["schema"]["openAPIV3Schema"]
    scope = "" if crd["spec"]["scope"] == "Namespaced" else ", for the whole cluster"
    yield f"## {names['kind']}"
    yield ""
    yield (
        f"`{crd['spec']['group']}/{version['name']}`, kind `{names['kind']}`, short name `{names['shortNames'][0]}`{scope}. "
        f"{schema['description']}"
    )
    spec = schema["properties"]["spec"]
    if same := next((kind for kind, known in told.items() if known["properties"] == spec["properties"]), None):
        yield from ("", f"Its spec has the same fields and rules as that of {same}.")
        return
    for part in ("spec", "status"):
        if part in schema["properties"]:
            yield from ("", f"### {part}", "", "| field | type | default | what it is |", "|---|---|---|---|")
            yield from _rows(part, schema["properties"][part], told)
    if rules := list(_rules("spec", spec, told)):
        yield from ("", "### Rules", "", "Refused by the API server, with these messages:", "")
        yield from (f"- `{path or 'spec'}`: {message}" for path, message in rules)
    told[names["kind"]] = spec


def _is_told(schema: dict[str, Any], told: dict[str, Any]) -> bool:
    return any(known["properties"] == schema.get("properties") for known in told.values())


def _rows(path: str, schema: dict[str, Any], told: dict[str, Any]) -> Iterator[str]:
    if _is_told(schema, told):
        return
    required = schema.get("required", [])
    for name, field in schema.get("properties", {}).items():
        where = f"{path}.{name}"
        description, filled_in = told_default(field.get("description", ""))
        default = "required" if name in required else f"`{filled_in}`" if filled_in else _default(field)
        yield f"| `{where}` | {_type(field)} | {default} | {description} |"
        yield from _rows(where, field, told)
        if field.get("type") == "array":
            yield from _rows(f"{where}[]", field["items"], told)


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


def _rules(path: str, schema: dict[str, Any], told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if _is_told(schema, told):
        return
    for rule in schema.get("x-kubernetes-validations", []):
        yield path + rule.get("fieldPath", ""), rule["message"]
    for name, field in schema.get("properties", {}).items():
        yield from _rules(f"{path}.{name}", field, told)
    if "items" in schema:
        yield from _rules(f"{path}[]", schema["items"], told)
