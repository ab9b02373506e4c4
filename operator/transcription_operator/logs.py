"""The operator's log: text for people, or one JSON object a line for programs.

What a line speaks of is not passed along from call to call: whoever begins to work on an object says so (`about`), and every line
that is written meanwhile carries its kind, namespace, name, uid and run.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Subject:
    """The object that is worked on."""

    kind: str
    namespace: str
    name: str
    uid: str
    run: str = ""
    """Its run, which is called as its child Job is; empty: there is none yet."""

    @property
    def title(self) -> str:
        """What people call it."""
        return f"{self.namespace}/{self.name}"


_subject: ContextVar[Subject | None] = ContextVar("subject", default=None)


@contextmanager
def about(subject: Subject | None) -> Iterator[None]:
    """What is logged meanwhile, in this task and those it starts, speaks of `subject`."""
    token = _subject.set(subject)
    try:
        yield
    finally:
        _subject.reset(token)


class TextFormatter(logging.Formatter):
    """`time LEVEL logger: message (uid=... run=...)`; messages name the object themselves."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """The line, without the traceback that may follow."""
        line, subject = super().formatMessage(record), _subject.get()
        if subject is None:
            return line
        return f"{line} (uid={subject.uid}{f' run={subject.run}' if subject.run else ''})"


class JsonFormatter(logging.Formatter):
    """`time`, `level`, `logger`, `message`, and `exception` with its traceback; and what the line speaks of."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if subject := _subject.get():
            line |= {name: value for name, value in asdict(subject).items() if value}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_to_stderr(level: str, form: Literal["text", "json"]) -> None:
    """Set up the log of the whole process. kopf's own chatter and each HTTP request are left out."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    logging.getLogger("kopf").setLevel(max(logging.WARNING, logging.getLogger().level))
