"""The characters that an alignment model knows, and a text as the sequence of them that the sound is searched for."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

WORD_BOUNDARY = "|"
"""The character that wav2vec2's alphabets have for a space."""
WITHOUT_SPACES = frozenset({"ja", "km", "lo", "my", "th", "yue", "zh"})
"""Languages whose words are single characters here: their scripts put no space between words, so that what stands between spaces
is a clause or a sentence. (Tibetan marks syllables, and Korean, Vietnamese and Javanese as Whisper writes them have spaces.)"""


def words_in(text: str, language: str) -> list[re.Match[str]]:
    """The words of a text and where they lie in it: what stands between spaces, or each character where nobody writes any.

    A character keeps its vowel signs, tone marks and accents: they are no words of their own.
    """
    return list(re.finditer(_character() if language in WITHOUT_SPACES else r"\S+", text))


@cache
def _character() -> re.Pattern[str]:
    marks = [chr(code) for code in range(0x10000) if unicodedata.category(chr(code))[0] == "M"]
    return re.compile(
        rf"\S[{re.escape(''.join(marks))}\u0e33\u0eb3]*"
    )  # am of Thai and Lao is a vowel sign, but filed as a letter


@dataclass(frozen=True)
class Alphabet:
    """Characters in lower case, and the columns that a model's output has for them; `blank` is the column of no character."""

    columns: dict[str, int]
    blank: int
    size: int
    """Columns of the output. The column after the last is the wildcard: any character that is not in the alphabet."""

    def knows(self, word: str) -> bool:
        """Whether any character of the word has a sound of its own here; if not, its place in the sound is a guess."""
        silent = (None, self.blank, self.columns.get(WORD_BOUNDARY))
        return any(self.columns.get(character.lower()) not in silent for character in word)

    def tokens(self, words: list[str], language: str) -> tuple[NDArray[np.int32], list[int]]:
        """The column of each character in order, word boundaries between words included, and where each word begins in it."""
        boundary = None if language in WITHOUT_SPACES else self.columns.get(WORD_BOUNDARY)
        tokens: list[int] = []
        begins: list[int] = []
        for word in words:
            if tokens and boundary is not None:
                tokens.append(boundary)
            begins.append(len(tokens))
            tokens += [self.columns.get(character.lower(), self.size) for character in word]
        return np.array(tokens, np.int32), begins

    def with_wildcard(self, emission: NDArray[np.float32], tokens: NDArray[np.int32]) -> NDArray[np.float32]:
        """The emission with one more column, if the tokens need it: the best of all characters at each frame."""
        if self.size not in tokens:
            return emission
        characters = np.delete(emission, self.blank, axis=1)
        return np.column_stack([emission, characters.max(axis=1)])


def alphabet_of(vocabulary: dict[str, int], size: int) -> Alphabet:
    """The alphabet of a tokenizer's vocabulary for an output of `size` columns. The blank is its padding, else column 0."""
    columns = {character.lower(): column for character, column in vocabulary.items() if column < size}
    blank = next((columns[name] for name in ("<pad>", "[pad]") if name in columns), 0)
    return Alphabet(columns, blank, size)
