"""How wide text stands on a screen, in columns: a Latin letter takes one, a Chinese, Japanese or Korean character two."""

import re
import unicodedata

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
