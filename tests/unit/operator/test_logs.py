"""The log: what a line speaks of is in it, in either form, wherever it was written."""

import asyncio
import json
import logging
import sys

import pytest

from transcription_operator.logs import JsonFormatter, Subject, TextFormatter, about

CALLS = Subject("TranscriptionJob", "team", "calls", "0c4f", "calls-966dbe6a8e")


def a_record(message: str = "something happened") -> logging.LogRecord:
    return logging.LogRecord("transcription_operator.loop", logging.WARNING, __file__, 1, message, (), None)


def test_a_line_of_json_has_the_fields_of_what_it_speaks_of() -> None:
    with about(CALLS):
        line = json.loads(JsonFormatter().format(a_record("team/calls: über")))
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "WARNING",
        "logger": "transcription_operator.loop",
        "message": "team/calls: über",
        "kind": "TranscriptionJob",
        "namespace": "team",
        "name": "calls",
        "uid": "0c4f",
        "run": "calls-966dbe6a8e",
    }


def test_a_line_about_nothing_in_particular_has_no_such_fields() -> None:
    assert json.loads(JsonFormatter().format(a_record())).keys() == {"time", "level", "logger", "message"}


def test_an_exception_stays_on_its_line() -> None:
    try:
        raise ValueError("a bug")
    except ValueError:
        record = a_record()
        record.exc_info = sys.exc_info()
    text = JsonFormatter().format(record)
    assert "\n" not in text
    assert json.loads(text)["exception"].endswith("ValueError: a bug")


def test_a_line_of_text_ends_with_uid_and_run() -> None:
    with about(CALLS):
        assert (
            TextFormatter()
            .format(a_record("team/calls: done"))
            .endswith("WARNING transcription_operator.loop: team/calls: done (uid=0c4f run=calls-966dbe6a8e)")
        )
    assert TextFormatter().format(a_record()).endswith(": something happened")


@pytest.mark.parametrize("form", [TextFormatter(), JsonFormatter()])
def test_two_that_are_worked_on_at_the_same_time_are_not_mixed_up(form: logging.Formatter) -> None:
    lines = []

    async def work(uid: str) -> None:
        with about(Subject("TranscriptionJob", "team", "x", uid)):
            await asyncio.sleep(0)
            lines.append((uid, form.format(a_record())))

    async def main() -> None:
        await asyncio.gather(work("first"), work("second"))

    asyncio.run(main())
    assert all(uid in line for uid, line in lines)
