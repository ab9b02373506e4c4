"""Which changes of a CRD schema would break a user who holds a manifest or a client of the released one."""

from collections.abc import Iterator
from typing import Any

from transcription_api.structural import as_text, told_default


def breaking_changes(old: dict[str, Any], new: dict[str, Any], path: str = "") -> Iterator[str]:
    """What `new` refuses or loses that `old` allowed, one sentence each, for two structural schemas."""
    if old.get("type") != new.get("type"):
        yield f"{path}: the type changed from {old.get('type')} to {new.get('type')}"
        return
    for name in sorted(set(new.get("required", [])) - set(old.get("required", []))):
        yield f"{path}.{name}: is now required"
    yield from _narrowed(old, new, path)
    if not old.get("properties") and (before := _default(old)) is not None and before != (after := _default(new)):
        yield f"{path}: the default changed from {before} to {after}"
    for name, field in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{path}.{name}: is gone"
        else:
            yield from breaking_changes(field, new["properties"][name], f"{path}.{name}")
    for inner in ("items", "additionalProperties"):
        if isinstance(old.get(inner), dict) and isinstance(new.get(inner), dict):
            yield from breaking_changes(old[inner], new[inner], f"{path}[]")


def _default(field: dict[str, Any]) -> str | None:
    """What holds where the field is left out: filled in by the API server, or told in the description."""
    return as_text(field["default"]) if "default" in field else told_default(field.get("description", ""))[1]


def _narrowed(old: dict[str, Any], new: dict[str, Any], path: str) -> Iterator[str]:
    if "enum" in new and (lost := set(old.get("enum", [])) - set(new["enum"])):
        yield f"{path}: no longer takes {sorted(lost)}"
    if "enum" in new and "enum" not in old:
        yield f"{path}: takes only {new['enum']} now"
    for bound in ("minimum", "minLength", "minItems"):
        if new.get(bound, float("-inf")) > old.get(bound, float("-inf")):
            yield f"{path}: {bound} rose to {new[bound]}"
    for bound in ("maximum", "maxLength", "maxItems"):
        if new.get(bound, float("inf")) < old.get(bound, float("inf")):
            yield f"{path}: {bound} fell to {new[bound]}"
    if new.get("pattern") is not None and new.get("pattern") != old.get("pattern"):
        yield f"{path}: the pattern changed to {new['pattern']}"
