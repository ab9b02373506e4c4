"""docs/reasons.md: whoever meets a word finds it explained."""

import re

from tests.unit.docs.said_words import NO_REASONS, said_words, source
from transcription_api.reason_reference import reason_reference
from transcription_api.reasons import CHAPTERS
from transcription_api.schedule import ScheduleConditionType
from transcription_api.status import ConditionType

EXPLAINED = [reason.word for chapter in CHAPTERS for reason in chapter.reasons]
SAID_ELSEWHERE = {"Unknown"}
"""By runners of other versions, and put in where they say nothing."""


def test_every_word_that_a_program_says_has_its_paragraph() -> None:
    assert {word: place for word, place in said_words().items() if word not in EXPLAINED} == {}


def test_no_paragraph_is_about_a_word_that_nobody_says() -> None:
    said = {*said_words(), *SAID_ELSEWHERE, *re.findall(r'"(\w+)"', source())}
    assert set(EXPLAINED) - said == set()


def test_a_word_has_two_paragraphs_only_where_it_means_two_things() -> None:
    assert {word for word in EXPLAINED if EXPLAINED.count(word) > 1} == {"InvalidKey"}


def test_every_condition_is_on_the_page() -> None:
    page = reason_reference(CHAPTERS)
    for kind, types in (("TranscriptionJob", ConditionType), ("TranscriptionSchedule", ScheduleConditionType)):
        for condition in types:
            assert f"| {kind} | `{condition}` |" in page


def test_what_is_called_no_reason_is_in_the_code() -> None:
    """A word that is there no more would hide one that comes with the same letters."""
    listed = {word for words in NO_REASONS.values() for word in words.split()}
    assert {word for word in listed if word not in source()} == set()
