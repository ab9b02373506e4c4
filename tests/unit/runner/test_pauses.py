"""Pauses found in the sound, and words moved to their edges."""

import numpy as np
import pytest
from numpy.typing import NDArray

from transcription_runner.engine.words.pauses import beside_pauses, pauses_in
from transcription_runner.engine.words.word_groups import WordTime


def sound(*lengths: float, noise: float = 1e-4) -> NDArray[np.float32]:
    """Quiet and loud by turns, so many seconds each."""
    rng = np.random.default_rng(1)
    parts = [rng.standard_normal(int(n * 16_000)) * (0.1 if place % 2 else noise) for place, n in enumerate(lengths)]
    return np.concatenate(parts).astype(np.float32)


def moved(words: list[tuple[float, float]], *pauses: tuple[float, float]) -> list[tuple[float, float]]:
    return [(word.start, word.end) for word in beside_pauses([WordTime("a", *times, 0.5) for times in words], pauses)]


def test_quiet_before_between_and_behind_speech_is_found() -> None:
    found = pauses_in(sound(0.5, 1.0, 0.3, 1.0, 0.6))
    assert found == [pytest.approx(pause, abs=0.03) for pause in [(0.0, 0.5), (1.5, 1.8), (2.8, 3.4)]]


def test_the_silence_within_a_plosive_is_no_pause() -> None:
    assert [q - p for p, q in pauses_in(sound(0.5, 1.0, 0.08, 1.0, 0.5))] == [pytest.approx(0.5, abs=0.03)] * 2


def test_a_pause_is_found_in_noise_that_is_quieter_than_speech() -> None:
    found = pauses_in(sound(0.5, 1.0, 0.4, 1.0, 0.5, noise=0.02))
    assert found == [pytest.approx(pause, abs=0.04) for pause in [(0.0, 0.5), (1.5, 1.9), (2.9, 3.4)]]


@pytest.mark.parametrize("level", [0.0, 0.1])
def test_sound_of_one_loudness_has_no_pauses(level: float) -> None:
    assert pauses_in(sound(2.0, noise=level)) == []


def test_no_sound_has_no_pauses() -> None:
    assert pauses_in(np.zeros(10, np.float32)) == []


def test_the_first_word_does_not_begin_in_the_silence_before_it() -> None:
    assert moved([(0.0, 1.4), (1.4, 2.0)], (0.0, 1.0)) == [(1.0, 1.4), (1.4, 2.0)]


def test_the_last_word_does_not_last_through_the_silence_behind_it() -> None:
    assert moved([(0.0, 0.5), (0.5, 3.0)], (0.8, 3.0)) == [(0.0, 0.5), (0.5, 0.8)]


def test_a_pause_that_a_word_took_goes_between_it_and_its_neighbour() -> None:
    assert moved([(0.0, 0.5), (0.5, 2.0)], (0.6, 1.5)) == [(0.0, 0.6), (1.5, 2.0)]
    assert moved([(0.0, 1.5), (1.5, 2.0)], (0.5, 1.4)) == [(0.0, 0.5), (1.4, 2.0)]


def test_two_pauses_with_a_breath_between_are_one() -> None:
    assert moved([(0.0, 0.5), (0.5, 3.0)], (0.5, 1.0), (1.1, 2.0)) == [(0.0, 0.5), (2.0, 3.0)]


def test_words_away_from_pauses_keep_their_times() -> None:
    assert moved([(1.0, 1.5), (1.5, 2.0)], (0.0, 1.0), (2.0, 3.0)) == [(1.0, 1.5), (1.5, 2.0)]
