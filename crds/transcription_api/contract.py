"""The bases of every model: camelCase on the wire, snake_case in Python, immutable.

What people write refuses unknown fields: a misspelt setting must not pass for its default. What programs write and read back
ignores them: an older reader meets a newer writer whenever half of a cluster is upgraded.
"""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Contract(BaseModel):
    """A value that crosses a boundary, unknown fields refused. Read it with `model_validate`, write it with `wire`."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )

    def __deepcopy__(self, _: dict[int, Any] | None = None) -> Self:
        """Itself, as with any value that does not change: pydantic copies defaults deeply, each time that one is filled in."""
        return self

    def wire(self, *, drop_none: bool = True) -> dict[str, Any]:
        """The JSON-ready form: camelCase keys, plain types, absent values left out unless `drop_none` is false."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=drop_none)


SET = {"x-kubernetes-list-type": "set"}
"""For `json_schema_extra` of a list: no item twice, order does not matter."""
ATOMIC = {"x-kubernetes-list-type": "atomic"}
"""For `json_schema_extra` of a list: replaced as a whole."""


class Record(Contract):
    """A value that a program wrote, and that this version or another reads back: unknown fields are left out."""

    model_config = ConfigDict(extra="ignore")


def rules(*expressions: tuple[str, str] | tuple[str, str, str]) -> dict[str, Any]:
    """CEL rules for `json_schema_extra`: tuples of expression, message and, where it helps, the field path that it names."""
    validations = []
    for expression, message, *path in expressions:
        rule = {"rule": expression, "message": message}
        if path:
            rule["fieldPath"] = path[0]
        validations.append(rule)
    return {"x-kubernetes-validations": validations}
