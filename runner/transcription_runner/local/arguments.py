"""A field of the contract as an argument of the command line: how its text is read, and what its help says."""

import argparse
from collections.abc import Callable
from enum import StrEnum
from functools import reduce
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from transcription_api.languages import LANGUAGE_CODES


def field_at(model: type[BaseModel], path: str) -> FieldInfo:
    """The field below `model` by its path in Python's names, such as vad.onset."""
    *groups, name = path.split(".")
    return reduce(lambda owner, group: _class_of(owner.model_fields[group]), groups, model).model_fields[name]


def argument(field: FieldInfo, words: str, metavar: str | None, special: Callable[[str], Any] | None = None) -> dict[str, Any]:
    """The keywords of `add_argument` for a field. Its default only stands in the help: an option that is not given is None.

    `words` say what the option is for; `special` converts the text instead of the field's own type.
    """
    kind, many = _kind(field)
    default = field.get_default(call_default_factory=True)
    shown = words.replace("\n", " ").rstrip(".")
    if default not in (None, False, []) and "default" not in shown:
        shown = f"{shown}; default: {default}"
    shown = f"{shown[:1].lower()}{shown[1:]}".replace("%", "%%")
    if kind is bool:
        shown = shown.removeprefix("whether ")
        return {"action": "store_const", "const": True, "help": shown}
    if special is not None:
        return {"type": special, "metavar": metavar, "help": shown}
    if many:
        return {"type": list_of(kind), "metavar": metavar, "help": f"{shown}; comma-separated"}
    if issubclass(kind, StrEnum):
        return {"choices": [str(value) for value in kind], "help": shown}
    return {"type": kind, "metavar": metavar, "help": shown}


def list_of(kind: Any) -> Any:
    def items(text: str) -> list[Any]:
        return [kind(item.strip()) for item in text.split(",") if item.strip()]

    items.__name__ = "comma-separated list"  # argparse names it in its message
    return items


def language_code(name: str) -> str:
    """The code of a language, which is given by its code or its English name. Raises ArgumentTypeError for an unknown one."""
    wanted = name.strip().lower()
    if wanted in LANGUAGE_CODES:
        return wanted
    from whisperx.utils import TO_LANGUAGE_CODE

    if code := TO_LANGUAGE_CODE.get(wanted):
        return str(code)
    raise argparse.ArgumentTypeError(
        f"Whisper knows no language {name!r}; give an English name such as Spanish, or one of {', '.join(LANGUAGE_CODES)}"
    )


def languages(text: str) -> list[str]:
    """The codes of several languages, separated by commas."""
    return [language_code(name) for name in text.split(",") if name.strip()]


def _kind(field: FieldInfo) -> tuple[Any, bool]:
    """The type that one value is converted to, and whether there are many."""
    kind = _without_none(field.annotation)
    if get_origin(kind) is list:
        return _without_none(get_args(kind)[0]), True
    return kind, False


def _without_none(annotation: Any) -> Any:
    """Annotated[int, …] | None -> int."""
    while True:
        if get_origin(annotation) in (Union, UnionType):
            annotation = next(part for part in get_args(annotation) if part is not NoneType)
        elif hasattr(annotation, "__metadata__"):
            annotation = annotation.__origin__
        else:
            return annotation


def _class_of(field: FieldInfo) -> type[BaseModel]:
    kind: type[BaseModel] = _without_none(field.annotation)
    return kind
