"""Where sentences end by their punctuation alone: for scripts without spaces, and wherever NLTK has no splitter. Pure."""

import re

from transcription_runner.engine.words.alphabet import WITHOUT_SPACES

_CLOSING = r"[\"'”’»」』）)\]】》〉]*"
_WITHOUT_SPACES = re.compile(rf"[。．！？!?…｡။។៕]+{_CLOSING}")
"""The next sentence follows at once; a full stop of Latin script is left alone, since it stands in numbers."""
_WITH_SPACES = re.compile(rf"[.!?…؟۔।॥։።]+{_CLOSING}(?=\s)")
_FOREIGN = re.compile(rf"[؟۔।॥։።]+{_CLOSING}(?=\s)")
"""Marks of Arabic, Urdu, Hindi, Armenian and Amharic, which no splitter of NLTK knows."""
_BY_SPACE = re.compile(r"(?=\s)")
"""Thai and Lao have no mark; a space is what ends a clause or a sentence."""

Span = tuple[int, int]


def spans_by_marks(text: str, language: str) -> list[Span]:
    """Where the sentences of a text begin and end, spaces around them left out; together they hold all else."""
    if language in ("th", "lo"):
        return _cut(text, _BY_SPACE)
    return _cut(text, _WITHOUT_SPACES if language in WITHOUT_SPACES else _WITH_SPACES)


def cut_at_foreign_marks(text: str, spans: list[Span]) -> list[Span]:
    """The same sentences, cut once more behind marks that an English splitter takes for letters."""
    return [(start + first, start + last) for start, end in spans for first, last in _cut(text[start:end], _FOREIGN)]


def _cut(text: str, end_of_sentence: re.Pattern[str]) -> list[Span]:
    ends = [match.end() for match in end_of_sentence.finditer(text)]
    spans = []
    for start, end in zip([0, *ends], [*ends, len(text)], strict=True):
        part = text[start:end]
        if part.strip():
            begin = start + len(part) - len(part.lstrip())
            spans.append((begin, begin + len(part.strip())))
    return spans
