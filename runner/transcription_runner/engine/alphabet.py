"""The characters that an alignment model knows, and a text as the sequence of them that the sound is searched for."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WORD_BOUNDARY = "|"
"""The character that wav2vec2's alphabets have for a space."""
WITHOUT_SPACES = frozenset({"ja", "zh"})
"""Languages whose words are single characters here, as in whisperx."""


def words_in(text: str, language: str) -> list[re.Match[str]]:
    """The words of a text and where they lie in it: what stands between spaces, or each character where nobody writes any."""
    return list(re.finditer(r"\S" if language in WITHOUT_SPACES else r"\S+", text))


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
