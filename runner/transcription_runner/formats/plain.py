"""Text made safe for line-based formats: one line, single spaces, no control characters."""

import unicodedata


def flattened(text: str) -> str:
    """`text` on one line: runs of whitespace become one space, control characters and lone surrogates go."""
    kept = "".join(" " if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") else character for character in text)
    return " ".join(kept.split())
