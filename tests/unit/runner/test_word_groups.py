"""From tokens to words: every word of the text gets a time, in order, inside the window, whatever the tokens hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcription_runner.engine.words.alphabet import words_in
from transcription_runner.engine.words.word_groups import SHORTEST_WORD, TokenTimes, WordTime, spread, words_of

LANGUAGES = ["en", "ja", "th"]
TEXTS = st.text("aé ,.!¿天気ありがとうดีสวัสที่𝄞 \n", max_size=40)


def timed(pieces: list[bytes], *edges: float) -> TokenTimes:
    return TokenTimes(pieces, np.array(edges), np.full(len(pieces), 0.5))


@st.composite
def cut_up(draw: st.DrawFn, pieces: st.SearchStrategy[list[bytes]]) -> tuple[TokenTimes, float]:
    """Tokens with any times that never decrease, and the length of their window."""
    tokens = draw(pieces)
    seconds = draw(st.floats(0.1, 30))
    edges = sorted(draw(st.lists(st.floats(0, seconds), min_size=len(tokens) + 1, max_size=len(tokens) + 1)))
    return TokenTimes(tokens, np.array(edges), np.full(len(tokens), 0.5)), seconds


@st.composite
def pieces_of_text(draw: st.DrawFn) -> list[bytes]:
    """Text as UTF-8, cut anywhere: in the middle of characters, too."""
    whole = draw(TEXTS).encode()
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(whole) - 1)), max_size=20)))
    return [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True) if whole[start:end]]


@given(cut_up(st.one_of(pieces_of_text(), st.lists(st.binary(min_size=1, max_size=6), max_size=12))), st.sampled_from(LANGUAGES))
def test_every_word_gets_a_time_in_order_and_inside_the_window(made: tuple[TokenTimes, float], language: str) -> None:
    tokens, seconds = made
    words = words_of(tokens, language, seconds)
    text = b"".join(tokens.pieces).decode(errors="replace")
    assert [word.word for word in words] == [match.group() for match in words_in(text, language)]
    room = min(SHORTEST_WORD, seconds / max(1, len(words)))
    reached = 0.0
    for word in words:
        assert reached <= word.start < word.end <= seconds + 1e-9
        assert word.end - word.start >= room - 1e-9
        assert word.probability == 0.5
        reached = word.end


@given(st.lists(st.tuples(st.floats(-1, 31), st.floats(-1, 31)), max_size=20))
def test_words_that_overlap_or_are_reversed_are_put_in_a_row(times: list[tuple[float, float]]) -> None:
    words = spread([WordTime("a", start, end, 0.5) for start, end in times], 30.0)
    assert len(words) == len(times)
    flat = [moment for word in words for moment in (word.start, word.end)]
    assert flat == sorted(flat)
    assert all(0 <= moment <= 30 for moment in flat)


def test_words_that_are_apart_keep_their_times() -> None:
    words = [WordTime("a", 0.5, 1.0, 0.5), WordTime("b", 2.0, 2.5, 0.5)]
    assert spread(words, 3.0) == words


def test_a_word_of_several_tokens_lasts_from_the_first_to_the_last() -> None:
    words = words_of(timed([b" trans", b"cription", b" works"], 0.2, 0.5, 1.0, 1.4), "en", 2.0)
    assert [(word.word, word.start, word.end) for word in words] == [("transcription", 0.2, 1.0), ("works", 1.0, 1.4)]


def test_a_comma_belongs_to_its_word_but_its_pause_does_not() -> None:
    hello, _ = words_of(timed([b" Hello", b",", b" you"], 0.0, 0.5, 1.5, 2.0), "en", 2.0)
    assert (hello.word, hello.start, hello.end) == ("Hello,", 0.0, 0.5)


def test_a_mark_before_a_word_does_not_make_it_early() -> None:
    (word,) = words_of(timed(["¿".encode(), b"qu", "é?".encode()], 0.0, 1.0, 1.2, 1.6), "es", 2.0)
    assert word.word == "¿qué?"
    assert (word.start, word.end) == pytest.approx((1.0, 1.2 + 0.4 * 2 / 3))


def test_half_a_character_in_each_of_two_tokens_makes_one_word() -> None:
    whole = "天".encode()
    (word,) = words_of(timed([whole[:2], whole[2:]], 0.4, 0.6, 0.9), "zh", 2.0)
    assert (word.word, word.start, word.end) == ("天", 0.4, 0.9)


def test_characters_share_the_time_of_their_token() -> None:
    words = words_of(timed(["天気".encode()], 1.0, 2.0), "ja", 3.0)
    assert [(word.word, word.start, word.end) for word in words] == [("天", 1.0, 1.5), ("気", 1.5, 2.0)]


def test_two_words_in_one_token_share_its_time_and_the_space_takes_none() -> None:
    words = words_of(timed([b" a bc"], 0.0, 0.9), "en", 1.0)
    assert [word.word for word in words] == ["a", "bc"]
    assert [word.start for word in words] == [0.0, pytest.approx(0.3)]


def test_the_probability_is_the_mean_over_the_tokens_of_the_word() -> None:
    tokens = TokenTimes([b" on", b"e", b" two"], np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.2, 0.6, 0.9]))
    assert [word.probability for word in words_of(tokens, "en", 3.0)] == [0.4, 0.9]


def test_no_tokens_are_no_words() -> None:
    assert words_of(timed([], 0.0), "en", 5.0) == []


def test_a_vowel_sign_is_no_word_of_its_own() -> None:
    assert [match.group() for match in words_in("ดีน้ำ", "th")] == ["ดี", "น้ำ"]
    assert [match.group() for match in words_in("កម្ពុជា", "km")] == ["ក", "ម្", "ពុ", "ជា"]
