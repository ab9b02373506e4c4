"""Text made safe for line-based formats: one line, single spaces, nothing that a file or a parser could stumble over."""

import re

_SPACES = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NOTHING = re.compile("[\u2060\ufeff]")
"""Word joiners and byte order marks say nothing, are dropped by some readers, and SRT needs the joiner for itself."""
_HALVES = re.compile("[\ud800-\udfff]")


def flattened(text: str) -> str:
    """`text` on one line: control characters and runs of whitespace become one space, half characters become U+FFFD."""
    return " ".join(_HALVES.sub("\ufffd", _NOTHING.sub("", _SPACES.sub(" ", text))).split())
