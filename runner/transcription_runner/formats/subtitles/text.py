"""Text as subtitles are set from it: on one line, how wide it stands, and where it may be broken at all.

Width is counted in columns: a Latin letter takes one, a Chinese, Japanese or Korean character two (East Asian Width, UAX #11).

A line may break at spaces, and between the characters of Chinese and Japanese as kinsoku shori allows. No line starts with
closing punctuation, a small kana, a length or an iteration mark, and none ends with an opening bracket (JIS X 4051; W3C,
Requirements for Japanese Text Layout, 3.1.7 and 3.1.8). Thai, Lao, Khmer and Burmese have no spaces either, but their words can't
be found without a dictionary: text of theirs stays whole, and the player, which has one, wraps it.
"""

import re
import unicodedata

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NOTHING = re.compile("[\u2060\ufeff]")
"""Word joiners and byte order marks say nothing, are dropped by some readers, and SRT needs the joiner for itself."""
_HALVES = re.compile("[\ud800-\udfff]")


def flattened(text: str) -> str:
    """`text` on one line: control characters and runs of whitespace become one space, half characters become U+FFFD."""
    return " ".join(_HALVES.sub("\ufffd", _NOTHING.sub("", _CONTROLS.sub(" ", text))).split())


UNSPACED = (
    "\u3005-\u3007\u3040-\u30ff\u3105-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0003ffff"
)
"""Characters of scripts without spaces, between which lines may break (kana, bopomofo, Chinese): ranges for a regex class."""
_NARROW = re.compile("[\x20-\u02ff]*")


def columns(text: str) -> int:
    """Columns of one line of text; marks and format characters take none (East Asian Width, UAX #11)."""
    return len(text) if _NARROW.fullmatch(text) else sum(map(_column, text))


def _column(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


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
