"""Word times made complete: what the aligner could not place is interpolated and marked, and nothing lies outside its segment."""

from typing import Any

from transcription_api.transcript import Segment, Word

NO_SPACES = frozenset({"ja", "zh"})
"""Languages that the aligner treats character by character."""


def split_words(text: str, language: str) -> list[str]:
    """The words of a text as the aligner counts them."""
    return [character for character in text if not character.isspace()] if language in NO_SPACES else text.split()


def unplaced(start: float, end: float, text: str, language: str, avg_logprob: float | None) -> Segment:
    """A segment that could not be aligned: its text, its times, and words spread over them as an estimate."""
    words = [Word(word=word) for word in split_words(text, language)]
    return Segment(start=start, end=end, text=text, avg_logprob=avg_logprob, words=complete(words, start, end))


def placed(raw: dict[str, Any], dictionary: dict[str, int], start: float, end: float) -> Segment:
    """A segment as whisperx's aligner returned it, within `start` and `end` of the chunk that it was cut from."""
    begin = _within(_number(raw.get("start")), start, end, start)
    finish = max(begin, _within(_number(raw.get("end")), start, end, end))
    words = [
        Word(
            word=word["word"],
            start=None if guessed else _number(word.get("start")),
            end=None if guessed else _number(word.get("end")),
            score=None if guessed else _number(word.get("score")),
        )
        for word in raw["words"]
        for guessed in [not any(character.lower() in dictionary for character in word["word"])]
    ]
    return Segment(
        start=begin,
        end=finish,
        text=raw["text"].strip(),
        avg_logprob=_number(raw.get("avg_logprob")),
        words=complete(words, begin, finish),
    )


def complete(words: list[Word], start: float, end: float) -> list[Word]:
    """All words with times: measured ones kept (within start..end, in order), the gaps shared out by length of word."""
    result: list[Word] = []
    cursor, index = start, 0
    while index < len(words):
        word = words[index]
        if word.start is not None and word.end is not None:
            begin = _within(word.start, cursor, end, cursor)
            finish = _within(word.end, begin, end, begin)
            result.append(word.model_copy(update={"start": round(begin, 3), "end": round(finish, 3)}))
            cursor, index = begin, index + 1
            continue
        until = index
        while until < len(words) and (words[until].start is None or words[until].end is None):
            until += 1
        gap_start = result[-1].end if result and result[-1].end is not None else start
        next_start = words[until].start if until < len(words) else end
        gap_end = _within(next_start, gap_start, end, end)
        result += _shared_out(words[index:until], gap_start, gap_end)
        cursor, index = gap_end, until
    return result


def _shared_out(words: list[Word], start: float, end: float) -> list[Word]:
    letters = sum(len(word.word) for word in words)
    shared, done = [], 0
    for word in words:
        begin = start + (end - start) * done / letters
        done += len(word.word)
        times = {"start": round(begin, 3), "end": round(start + (end - start) * done / letters, 3)}
        shared.append(word.model_copy(update={**times, "estimated": True}))
    return shared


def _within(value: float | None, low: float, high: float, default: float) -> float:
    return min(max(default if value is None else value, low), max(low, high))


def _number(value: Any) -> float | None:
    """A plain float, or None for what is missing or not a number (pandas' NaN)."""
    if value is None:
        return None
    number = float(value)
    return number if number == number and abs(number) != float("inf") else None
