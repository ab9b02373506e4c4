"""From a segment to the pieces that subtitles are set from: each piece of text with its time and its speaker."""

import unicodedata
from dataclasses import dataclass

from transcription_api.transcript import Segment, Word
from transcription_runner.formats.plain import flattened


@dataclass(frozen=True)
class Token:
    """A word, or one character of a script without spaces. Times are seconds from the start of the audio."""

    text: str
    start: float
    end: float
    speaker: str | None = None
    spaced: bool = True
    """Whether a space stands between this and the token before on the same line."""


def segment_tokens(segment: Segment) -> list[Token]:
    """All of the segment's text as tokens: with the words' own times where the words spell the text, else spread evenly."""
    text = flattened(segment.text)
    words = [word for word in segment.words if flattened(word.word)]
    if words and "".join(flattened(word.word) for word in words).replace(" ", "") == text.replace(" ", ""):
        return _from_words(text, words, segment)
    pieces = _pieces(text)
    return _spread(pieces, segment.start, max(segment.end, segment.start), segment.speaker)


def _from_words(text: str, words: list[Word], segment: Segment) -> list[Token]:
    tokens: list[Token] = []
    position, time = 0, segment.start
    for word in words:
        start = time if word.start is None else max(word.start, 0.0)
        end = start if word.end is None else max(word.end, start)
        speaker = word.speaker or segment.speaker
        spaced = position < len(text) and text[position] == " "
        pieces = _pieces(flattened(word.word))
        for index, token in enumerate(_spread(pieces, start, end, speaker)):
            tokens.append(Token(token.text, token.start, token.end, speaker, spaced if index == 0 else token.spaced))
        position = _after(text, position, "".join(piece for piece, _ in pieces).replace(" ", ""))
        time = end
    return tokens


def _after(text: str, position: int, letters: str) -> int:
    """Where in `text` the reader stands after `letters`, spaces not counted."""
    left = len(letters)
    while left and position < len(text):
        left -= text[position] != " "
        position += 1
    return position


def _pieces(text: str) -> list[tuple[str, bool]]:
    """`text` cut at spaces, and between the characters of scripts that have none; each piece with whether a space precedes it."""
    pieces: list[tuple[str, bool]] = []
    for word in text.split(" "):
        spaced, run = True, ""
        for character in word:
            joins_previous = unicodedata.combining(character) != 0 or unicodedata.category(character).startswith("P")
            if run and not joins_previous and (_stands_alone(character) or _stands_alone(run[0])):
                pieces.append((run, spaced))
                run, spaced = "", False
            run += character
        if run:
            pieces.append((run, spaced))
    return pieces


def _stands_alone(character: str) -> bool:
    """True for Chinese characters and Japanese kana, between which lines may break."""
    return "\u3040" <= character <= "\u30ff" or "\u3400" <= character <= "\u9fff" or "\U00020000" <= character <= "\U0003ffff"


def _spread(pieces: list[tuple[str, bool]], start: float, end: float, speaker: str | None) -> list[Token]:
    """Times in proportion to the number of characters: the best guess where nothing was measured."""
    total = sum(len(piece) for piece, _ in pieces)
    tokens, done = [], 0
    for piece, spaced in pieces:
        begin = start + (end - start) * done / total
        done += len(piece)
        tokens.append(Token(piece, begin, start + (end - start) * done / total, speaker, spaced))
    return tokens
