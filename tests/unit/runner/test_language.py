"""Which language a file is in, from what is heard in its chunks."""

import pytest

from transcription_api.speech import LanguageDetection
from transcription_runner.engine.recognition.language import MOST_CHUNKS, LanguageVote, among


def vote(**settings: object) -> LanguageVote:
    return LanguageVote(LanguageDetection.model_validate(settings))


def test_one_sure_chunk_decides() -> None:
    heard = vote(min_probability=0.5)
    heard.add({"es": 0.9, "en": 0.1}, 5.0)
    decided = heard.decided(last=False)
    assert decided is not None
    assert (decided.code, decided.probability) == ("es", 0.9)


def test_a_doubtful_chunk_asks_for_another_and_long_chunks_count_for_more() -> None:
    heard = vote(min_probability=0.8)
    heard.add({"en": 0.6, "es": 0.4}, 1.0)
    assert heard.decided(last=False) is None
    heard.add({"en": 0.05, "es": 0.95}, 9.0)
    decided = heard.decided(last=False)
    assert decided is not None
    assert decided.code == "es"


def test_the_most_probable_is_taken_when_nothing_else_can_be_heard() -> None:
    heard = vote(min_probability=0.99)
    heard.add({"en": 0.4, "es": 0.35}, 1.0)
    assert heard.decided(last=True) is not None


def test_however_doubtful_it_stays_the_question_is_asked_a_few_times_only() -> None:
    heard = vote(min_probability=1.0)
    for _ in range(MOST_CHUNKS - 1):
        heard.add({"en": 0.5, "es": 0.5}, 1.0)
        assert heard.decided(last=False) is None
    heard.add({"en": 0.5, "es": 0.5}, 1.0)
    assert heard.decided(last=False) is not None


def test_other_languages_than_the_candidates_are_left_out_and_the_rest_adds_up_to_one() -> None:
    assert among({"pt": 0.6, "es": 0.3, "en": 0.1}, ["es", "en"]) == pytest.approx({"es": 0.75, "en": 0.25})


def test_without_candidates_all_are_possible() -> None:
    assert among({"pt": 0.6, "es": 0.4}, []) == {"pt": 0.6, "es": 0.4}
