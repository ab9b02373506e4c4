"""Whisper's own timestamps, which it writes between its passages: <|0.00|> text <|2.40|><|2.40|> text <|5.10|>. Pure.

They are all that tells when a translation is said: its words are in another order than what is heard, and cannot be aligned.
"""

from collections.abc import Sequence

STEP_SECONDS = 0.02
"""Between one timestamp and the next in the vocabulary."""

TimedTokens = tuple[float, float, list[int]]
"""Start and end (seconds from the start of the window), and the tokens of the text between."""


def segments_by_timestamps(tokens: Sequence[int], timestamp_begin: int, seconds: float) -> list[TimedTokens]:
    """The passages of a window of so many seconds, in order of time, none overlapping the next; no token of text is lost.

    `timestamp_begin`: the token <|0.00|>; all from there on are timestamps. Where the model leaves one out, a passage starts at
    the end of the one before, and the last ends with the window. Timestamps that go back, or lie beyond the window, are moved to
    the nearest time that is possible; a passage that has no time left joins the one before it (the first joins the next).
    """
    passages: list[TimedTokens] = []
    text: list[int] = []
    start = now = 0.0
    for token in tokens:
        if token < timestamp_begin:
            text.append(token)
            continue
        now = min(max(now, (token - timestamp_begin) * STEP_SECONDS), seconds)
        if text:
            _add(passages, (start, now, text))
            text = []
        start = now
    if text:
        _add(passages, (start, seconds, text))
    if len(passages) == 1 and passages[0][0] == passages[0][1]:
        return [(0.0, seconds, passages[0][2])]
    return passages


def _add(passages: list[TimedTokens], passage: TimedTokens) -> None:
    start, end, text = passage
    if passages and (start == end or passages[-1][0] == passages[-1][1]):
        first, last, before = passages.pop()
        passages.append((first if first < last else start, max(last, end), before + text))
    else:
        passages.append(passage)
