"""From tokens with times to words with times. Pure: whatever the tokens are, each word of the text gets a time, in order.

Whisper's tokens are pieces of UTF-8: one may hold half a character, a whole word with its space, or several words of a language
that writes no spaces. So the time of a token is shared by its bytes, bytes make characters, and characters make the words of
alphabet.words_in. Spaces take no time, and a comma's time is not its word's: attention spends a pause on the mark before it.
"""

import codecs
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transcription_runner.engine.words.alphabet import words_in

SHORTEST_WORD = 0.04
"""Seconds that each word gets at least, if all of a window's words find room."""
_SPOKEN_MARKS = frozenset("%&@#*/")
_SPACES = frozenset(b" \t\n\r\v\f")


@dataclass(frozen=True)
class WordTime:
    """A word, when it is said (seconds from the start of its window) and the mean probability of its tokens, 0 to 1."""

    word: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True)
class TokenTimes:
    """The tokens of one window in order: their bytes, and their times.

    `edges`: seconds, shape (tokens + 1,), never decreasing; token k sounds from edges[k] to edges[k + 1].
    `probabilities`: shape (tokens,).
    """

    pieces: Sequence[bytes]
    edges: NDArray[np.float64]
    probabilities: NDArray[np.float64]


def words_of(tokens: TokenTimes, language: str, seconds: float) -> list[WordTime]:
    """One for each of words_in(text, language), in order and within the window's `seconds`; text: the tokens' bytes as UTF-8."""
    text, spans, owners = _characters(tokens)
    words = []
    for match in words_in(text, language):
        first, last = _sounding(match.group(), match.start())
        of_word = tokens.probabilities[owners[match.start()] : owners[match.end() - 1] + 1]
        words.append(WordTime(match.group(), spans[first][0], spans[last][1], round(float(of_word.mean()), 3)))
    return spread(words, seconds)


def spread(words: list[WordTime], seconds: float) -> list[WordTime]:
    """The words in a row between 0 and `seconds`, none overlapping the next, each SHORTEST_WORD long or as near as can be."""
    if not words:
        return []
    least = min(SHORTEST_WORD, seconds / len(words))
    ranks = least * np.arange(len(words) + 1)
    # `start - rank` must not decrease: then starts are `least` apart. From the right, room is kept for the words that follow.
    starts = np.maximum.accumulate(np.array([word.start for word in words]).clip(0, seconds) - ranks[:-1])
    starts = starts.clip(0, max(0.0, seconds - ranks[-1])) + ranks[:-1]
    following = np.append(starts[1:], max(seconds, float(starts[-1])))
    ends = np.minimum(np.maximum([word.end for word in words], starts + least), following)
    times = zip(words, starts.tolist(), ends.tolist(), strict=True)
    return [WordTime(word.word, start, end, word.probability) for word, start, end in times]


def _characters(tokens: TokenTimes) -> tuple[str, list[tuple[float, float]], list[int]]:
    """The text; start and end of each character; the token that each ends in."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text: list[str] = []
    spans: list[tuple[float, float]] = []
    owners: list[int] = []
    start = end = 0.0
    owner = 0

    def add(characters: str) -> None:
        text.extend(characters)
        spans.extend([(start, end)] * len(characters))
        owners.extend([owner] * len(characters))

    for owner, piece in enumerate(tokens.pieces):
        audible = sum(byte not in _SPACES for byte in piece)
        moments = np.linspace(tokens.edges[owner], tokens.edges[owner + 1], max(1, audible) + 1).tolist()
        done = 0
        for byte in piece:
            if not decoder.getstate()[0]:
                start = moments[done]
            done += byte not in _SPACES
            end = moments[done]
            add(decoder.decode(bytes([byte])))
    add(decoder.decode(b"", final=True))
    return "".join(text), spans, owners


def _sounding(word: str, offset: int) -> tuple[int, int]:
    """The first and the last character that can be heard, as places in the text; of a word of punctuation alone, its ends."""
    heard = [place for place, character in enumerate(word, offset) if _is_heard(character)]
    return (heard[0], heard[-1]) if heard else (offset, offset + len(word) - 1)


def _is_heard(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMNS" or character in _SPOKEN_MARKS
