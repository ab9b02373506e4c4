"""Text to the tokens that are compared.

Normalised: Unicode NFKC, case folded; letters, digits, combining marks and apostrophes within a word stay, everything else
separates words ("twenty-one" is two words, "don't" is one). Each character of Chinese and Japanese script is a word of its
own. Numbers are not spelled out: "21" and "twenty-one" differ. Not normalised: the text as it is, split at white space.
"""

import re
import unicodedata

from transcription_runner.evaluation.speech import TimedWord

_APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'"})
_UNSPACED = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Iteration marks, kana and Chinese characters: scripts written without spaces."""
_ALONE = re.compile(f"[{_UNSPACED}]")


def tokens(text: str, normalised: bool = True) -> list[str]:
    """The words of a text that are compared."""
    if not normalised:
        return text.split()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    plain = folded.translate(_APOSTROPHES)
    kept = "".join(letter if letter == "'" or unicodedata.category(letter)[0] in "LNM" else " " for letter in plain)
    words = (word.strip("'") for word in _ALONE.sub(r" \g<0> ", kept).split())
    return [word for word in words if word]


def timed_tokens(words: tuple[TimedWord, ...], normalised: bool = True) -> list[tuple[str, float | None]]:
    """(token, start in seconds) of each token; a word of several tokens shares its time out by their lengths."""
    found: list[tuple[str, float | None]] = []
    for word in words:
        parts = tokens(word.word, normalised)
        letters, before = sum(map(len, parts)), 0
        for part in parts:
            length = word.end - word.start if word.start is not None and word.end is not None else 0.0
            found.append((part, None if word.start is None else word.start + length * before / letters))
            before += len(part)
    return found
