"""Pauses in the sound, and words that are put beside them. Pure.

Attention says which word, but is vague about where it begins: the first word of a window takes the silence before it, the last
the silence behind it, and a word after a pause begins somewhere in the pause. The loudness of the sound says it exactly.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from transcription_runner.engine.audio import SAMPLE_RATE
from transcription_runner.engine.words.word_groups import WordTime

SHORTEST_PAUSE = 0.14
"""Seconds. A plosive is silent for up to a tenth of a second before it bursts, in the middle of a word."""
_STEP = SAMPLE_RATE // 100
_QUIETEST_SPEECH = 35.0
"""Decibels below the loud frames; what is quieter is no speech."""
_LOUDEST_PAUSE = 10.0
"""Decibels below the loud frames; what is louder is no pause, however noisy the recording."""
_ABOVE_QUIET = 0.2
"""Of the way from the quiet frames up to the loud ones: what is below counts as quiet."""

Pause = tuple[float, float]


def pauses_in(samples: NDArray[np.float32]) -> list[Pause]:
    """Where the sound (16 kHz, shape (n,)) is quiet for at least SHORTEST_PAUSE, or quiet at its very start or end; seconds.

    None where noise hides the pauses, or where all is silent.
    """
    frames = len(samples) // _STEP
    if not frames:
        return []
    power = np.square(samples[: frames * _STEP], dtype=np.float64).reshape(frames, _STEP).mean(axis=1)
    level = 10 * np.log10(np.convolve(power, np.ones(3) / 3, mode="same") + 1e-10)
    low, high = np.quantile(level, [0.1, 0.9])
    quiet = level < np.clip(low + _ABOVE_QUIET * (high - low), high - _QUIETEST_SPEECH, high - _LOUDEST_PAUSE)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]])))
    seconds = edges.reshape(-1, 2) * (_STEP / SAMPLE_RATE)
    end = frames * _STEP / SAMPLE_RATE
    return [(p, q) for p, q in seconds.tolist() if q - p >= SHORTEST_PAUSE or p == 0 or q >= end]


def beside_pauses(words: Sequence[WordTime], pauses: Sequence[Pause]) -> list[WordTime]:
    """The words with the times next to a pause moved to the pause's edges: no word begins or ends in one or goes on through it.

    A pause in the middle of a word's time is taken for the one before or behind the word, whichever leaves it more sound.
    """
    starts, ends = [word.start for word in words], [word.end for word in words]
    after: dict[int, Pause] = {}
    """Pauses by the word that follows; len(words) is behind the last."""
    for p, q in pauses:
        following = _following(words, p, q)
        first, last = after.get(following, (p, q))
        after[following] = min(first, p), max(last, q)
    for following, (p, q) in after.items():
        if following:
            ends[following - 1] = p
        if following < len(words):
            starts[following] = q
    return [replace(word, start=start, end=max(start, end)) for word, start, end in zip(words, starts, ends, strict=True)]


def _following(words: Sequence[WordTime], p: float, q: float) -> int:
    """The first word of which more lies behind the pause than before it."""
    return next((place for place, word in enumerate(words) if word.end - q > p - word.start), len(words))
