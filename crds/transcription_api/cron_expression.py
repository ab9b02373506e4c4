"""The grammar of spec.schedule: CronJob's five fields and names, as rules that the API server checks field by field.

The API server says which field is wrong. What a pattern cannot tell (a range that runs backwards, a day that no month has) the
operator finds when it reads the expression.
"""

from typing import Any, Final

from transcription_api.contract import rules

NAMED: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
"""Names for common expressions."""

MOST_CHARACTERS = 128

_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_WEEKDAYS = "sun|mon|tue|wed|thu|fri|sat"
_FIELDS = (
    ("minute", "0 to 59", "[0-5]?[0-9]"),
    ("hour", "0 to 23", "[01]?[0-9]|2[0-3]"),
    ("day of month", "1 to 31", "0?[1-9]|[12][0-9]|3[01]"),
    ("month", "1 to 12 or jan to dec", f"0?[1-9]|1[0-2]|{_MONTHS}"),
    ("day of week", "0 to 7 or sun to sat", f"[0-7]|{_WEEKDAYS}"),
)


def cron_rules() -> dict[str, Any]:
    """CEL rules for `json_schema_extra` of a string."""
    names = ", ".join(f"'{name}'" for name in NAMED)
    return rules(
        (
            rf"self.startsWith('@') ? self in [{names}] : self.matches(r'^\S+( +\S+){{4}}$')",
            "spec.schedule needs five fields (minute, hour, day of month, month, day of week) such as 0 3 * * *, or a name among "
            f"{', '.join(NAMED)}; the time zone goes into spec.timeZone",
        ),
        *(_field_rule(number, *field) for number, field in enumerate(_FIELDS)),
    )


def _field_rule(number: int, name: str, values: str, value: str) -> tuple[str, str]:
    part = rf"(\*|({value})(-({value}))?)(/[1-9][0-9]*)?"
    pattern = rf"^(\S+ +){{{number}}}(?i:{part}(,{part})*)( |$)"
    return (
        rf"!self.matches(r'^\S+( +\S+){{4}}$') || self.matches(r'{pattern}')",
        f"spec.schedule: field {number + 1}, {name}, takes {values}, lists, ranges and steps of these, or a star",
    )
