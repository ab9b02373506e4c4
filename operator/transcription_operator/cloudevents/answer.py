"""What does the sink's answer mean? Its status and Retry-After say it; nothing else of it is looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

LONGEST_ASKED_FOR = 3600.0
"""Seconds that are waited at most because the sink asks for it."""

_ABOUT_THE_EVENT = frozenset({400, 409, 413, 415, 422})
"""Statuses that may speak of this event alone: another one may be taken."""

Cause = Literal[
    "Redirected", "Denied", "EventRefused", "Gone", "TooManyRequests", "ServerError", "Unreachable", "Timeout", "SecretUnusable"
]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an attempt."""

    cause: Cause | None = None
    """Why the event is not taken; None: it is."""
    said: str = ""
    """The same for the log."""
    retry_after: float = 0.0
    """Seconds that the sink asks for before the next attempt."""


def judged(status: int, headers: Mapping[str, str], now: datetime) -> Answer:
    """The meaning of an HTTP answer. Redirects are not followed: the sink is the one that the chart names."""
    if 200 <= status < 300:
        return Answer()
    return Answer(_cause(status), f"HTTP {status}", _seconds(headers.get("Retry-After"), now))


def _cause(status: int) -> Cause:
    if status < 400:
        return "Redirected"
    if status == 410:
        return "Gone"
    if status == 429:
        return "TooManyRequests"
    if status in _ABOUT_THE_EVENT:
        return "EventRefused"
    return "Denied" if status < 500 else "ServerError"


def _seconds(text: str | None, now: datetime) -> float:
    """Retry-After is a number of seconds or a date."""
    if not text:
        return 0.0
    try:
        seconds = float(text) if text.strip().isdigit() else _until(parsedate_to_datetime(text), now)
    except ValueError:
        return 0.0
    return min(LONGEST_ASKED_FOR, max(0.0, seconds))


def _until(moment: datetime, now: datetime) -> float:
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
