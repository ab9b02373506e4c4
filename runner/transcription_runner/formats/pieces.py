"""Where a line may break at all: at spaces, and between the characters of Chinese and Japanese as kinsoku shori allows.

No line starts with closing punctuation, a small kana, a length or an iteration mark, and none ends with an opening bracket
(JIS X 4051; W3C, Requirements for Japanese Text Layout, 3.1.7 and 3.1.8). Thai, Lao, Khmer and Burmese have no spaces either, but
their words can't be found without a dictionary: a run of theirs stays whole, and the player, which has one, wraps it.
"""

import re
import unicodedata

from transcription_runner.formats.columns import UNSPACED

_UNSPACED = re.compile(f"[{UNSPACED}]")
_NEVER_FIRST = frozenset("ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶーｰｧｨｩｪｫｬｭｮｯﾞﾟ々〻ゝゞヽヾ～〜°％‰℃")
_OPENING = ("Ps", "Pi")
_JOINING = ("Mn", "Mc", "Me", "Cf", "Pe", "Pf", "Po", "Pd", "Pc")


def pieces(text: str) -> list[tuple[str, bool]]:
    """The unbreakable pieces of flattened text, each with whether a space stands before it."""
    if not _UNSPACED.search(text):
        return [(word, True) for word in text.split(" ") if word]
    return [
        (piece, not index)
        for word in text.split(" ")
        for index, piece in enumerate(_within(word) if _UNSPACED.search(word) else [word])
        if piece
    ]


def _within(word: str) -> list[str]:
    found = word[0]
    cut: list[str] = []
    for character in word[1:]:
        if may_break(found[-1], character):
            cut.append(found)
            found = ""
        found += character
    return [*cut, found]


def may_break(before: str, after: str) -> bool:
    """Whether a line may end between two characters that no space separates."""
    if after in _NEVER_FIRST or unicodedata.category(after) in _JOINING or unicodedata.category(before) in _OPENING:
        return False
    if unicodedata.category(after) in _OPENING:
        return True
    return bool(_UNSPACED.match(before) or _UNSPACED.match(after)) or _closes(before)


def _closes(character: str) -> bool:
    """True for the full-width punctuation after which a line may break although no space follows."""
    return unicodedata.category(character) in ("Pe", "Pf", "Po") and unicodedata.east_asian_width(character) in "WF"
