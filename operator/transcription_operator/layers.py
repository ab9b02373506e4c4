"""What a job says over what its profile says: field by field, and who said what."""

from collections.abc import Mapping
from typing import Any

Raw = Mapping[str, Any]

_WHOLE = frozenset({"nodeSelector"})
"""Maps of a user's own keys: given above, one replaces the one below."""
_WHOLE_UNLESS_EMPTY = frozenset({"resources"})
"""The same; but said to be empty is left out."""


def layered(above: Raw, below: Raw) -> dict[str, Any]:
    """Both, and where both say something, what stands above; lists are replaced as a whole."""
    result = dict(below)
    for name, value in above.items():
        under = below.get(name)
        if name in _WHOLE_UNLESS_EMPTY and not value:
            continue
        if name not in _WHOLE | _WHOLE_UNLESS_EMPTY and isinstance(value, Mapping) and isinstance(under, Mapping):
            value = layered(value, under)
        result[name] = value
    return result


def said(layer: Raw, path: str) -> Any:
    """What a layer says at a path such as `vad.onset`; None: nothing."""
    value: Any = layer
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
