"""The dynamic programme of alignment, against every path there is."""

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from transcription_runner.engine.words.alphabet import Alphabet, alphabet_of
from transcription_runner.engine.words.trellis import best_path

BLANK = 0


@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    frames, count = draw(st.integers(1, 7)), draw(st.integers(1, 4))
    seed = draw(st.integers(0, 10_000))
    emission = np.log(np.random.default_rng(seed).dirichlet(np.ones(5), frames)).astype(np.float32)
    return emission, np.array(draw(st.lists(st.integers(1, 4), min_size=count, max_size=count)), np.int32)


def score(emission: np.ndarray, tokens: np.ndarray, entered: tuple[int, ...], end: int) -> float:
    """The log probability of entering the tokens at these frames and staying with the last one up to `end`."""
    moves = dict(zip(entered, tokens.tolist(), strict=True))
    return float(sum(emission[frame, moves.get(frame, BLANK)] for frame in range(end)))


@given(problems())
@settings(max_examples=150, deadline=None)
def test_no_path_is_better_than_the_one_that_is_found(problem: tuple[np.ndarray, np.ndarray]) -> None:
    emission, tokens = problem
    entered, probability = best_path(emission, tokens, BLANK)
    if len(tokens) > len(emission):
        assert len(entered) == 0
        return
    *first, end = entered.tolist()
    every = (
        score(emission, tokens, path, last)
        for path in combinations(range(len(emission)), len(tokens))
        for last in range(path[-1] + 1, len(emission) + 1)
    )
    assert score(emission, tokens, tuple(first), end) >= max(every) - 1e-4
    assert entered.tolist() == sorted(set(entered.tolist()))
    assert ((probability > 0) & (probability <= 1)).all()


def test_characters_are_entered_where_they_are_heard() -> None:
    emission = np.full((8, 3), -5.0, np.float32)
    emission[:, BLANK] = -0.1
    emission[2], emission[5] = [-5.0, -0.05, -5.0], [-5.0, -5.0, -0.05]
    entered, probability = best_path(emission, np.array([1, 2], np.int32), BLANK)
    assert entered[:2].tolist() == [2, 5]
    assert (probability > 0.8).all()


ALPHABET = alphabet_of({"<pad>": 0, "|": 1, "a": 2, "B": 3, "c": 4}, 5)


def test_words_become_columns_with_boundaries_between_them() -> None:
    tokens, begins = ALPHABET.tokens(["ab", "C"], "en")
    assert tokens.tolist() == [2, 3, 1, 4]
    assert begins == [0, 3]


def test_languages_without_spaces_have_no_boundaries() -> None:
    tokens, begins = ALPHABET.tokens(["a", "b"], "ja")
    assert tokens.tolist() == [2, 3]
    assert begins == [0, 1]


def test_a_character_without_a_sound_takes_the_wildcard_which_is_the_best_of_all_characters() -> None:
    tokens, _ = ALPHABET.tokens(["a7"], "en")
    emission = np.log(np.array([[0.6, 0.1, 0.2, 0.05, 0.05]], np.float32))
    assert tokens.tolist() == [2, 5]
    assert ALPHABET.with_wildcard(emission, tokens)[0, 5] == emission[0, 2]
    assert ALPHABET.with_wildcard(emission, tokens[:1]).shape == (1, 5)


def test_a_word_is_known_if_any_of_its_characters_is() -> None:
    known: Alphabet = ALPHABET
    assert known.knows("b2b")
    assert not known.knows("42")
    assert not known.knows("|")
