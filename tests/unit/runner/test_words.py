"""Word times made complete: measured times stay, gaps are shared out and marked, nothing is reversed or outside its segment."""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.runner.build import word
from transcription_api.transcript import Word
from transcription_runner.engine.words.alphabet import words_in
from transcription_runner.engine.words.estimates import complete, sentence, unplaced

times = st.one_of(st.none(), st.floats(-5, 50))


@given(st.lists(st.builds(word, st.text("abc", min_size=1, max_size=9), times, times), max_size=12))
def test_every_word_gets_times_within_the_segment_and_in_order(words: list[Word]) -> None:
    result = complete(words, 2.0, 30.0)
    assert [one.word for one in result] == [one.word for one in words]
    for one in result:
        assert one.start is not None
        assert one.end is not None
        assert 2.0 <= one.start <= one.end <= 30.0
    starts = [one.start for one in result if one.start is not None]
    assert starts == sorted(starts)


def test_a_word_between_two_measured_ones_fills_the_gap_and_is_marked() -> None:
    first, middle, last = complete([word("one", 1.0, 2.0), word("42"), word("two", 3.0, 4.0)], 0.0, 5.0)
    assert (middle.start, middle.end, middle.estimated) == (2.0, 3.0, True)
    assert (first.estimated, last.estimated) == (None, None)


def test_words_share_a_gap_by_their_length() -> None:
    result = complete([word("a"), word("bbb")], 0.0, 4.0)
    assert [(one.start, one.end) for one in result] == [(0.0, 1.0), (1.0, 4.0)]


def test_a_segment_that_could_not_be_aligned_keeps_text_and_times() -> None:
    part = unplaced(3.0, 5.0, "¿qué tal?", "es", -0.5)
    assert (part.start, part.end, part.text, part.avg_logprob) == (3.0, 5.0, "¿qué tal?", -0.5)
    assert [(one.word, one.estimated) for one in part.words] == [("¿qué", True), ("tal?", True)]


def test_words_whose_letters_the_aligner_does_not_know_are_estimates_even_if_it_gave_a_time() -> None:
    words = [word("call", 0.5, 1.0, score=0.9), word("911", 1.0, 2.0, score=0.4)]
    part = sentence("call 911", words, [True, False], (0.0, 3.0), -0.1)
    assert (part.start, part.end, part.text) == (0.5, 2.0, "call 911")
    assert [(one.word, one.score, one.estimated) for one in part.words] == [("call", 0.9, None), ("911", None, True)]


def test_a_sentence_stays_within_its_chunk() -> None:
    part = sentence("yes", [word("yes", 0.5, 9.0)], [True], (1.0, 2.0), None)
    assert (part.start, part.end) == (1.0, 2.0)
    assert (part.words[0].start, part.words[0].end) == (1.0, 2.0)


def test_languages_without_spaces_are_split_by_character() -> None:
    assert [match.group() for match in words_in("天気 です", "ja")] == ["天", "気", "で", "す"]
    assert [match.group() for match in words_in("two words", "en")] == ["two", "words"]
