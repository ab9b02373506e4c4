"""The base of every model: camelCase on the wire, snake_case in Python, immutable, unknown fields refused."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Contract(BaseModel):
    """A value that crosses a boundary. Read it with `model_validate`, write it with `wire`."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )

    def wire(self, *, drop_none: bool = True) -> dict[str, Any]:
        """The JSON-ready form: camelCase keys, plain types, absent values left out unless `drop_none` is false."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=drop_none)


def rules(*expressions: tuple[str, str] | tuple[str, str, str]) -> dict[str, Any]:
    """CEL rules for `json_schema_extra`: tuples of expression, message and, where it helps, the field path that it names."""
    validations = []
    for expression, message, *path in expressions:
        rule = {"rule": expression, "message": message}
        if path:
            rule["fieldPath"] = path[0]
        validations.append(rule)
    return {"x-kubernetes-validations": validations}
