"""Word times made complete: what the aligner could not place is interpolated and marked, and nothing lies outside its segment."""

from transcription_api.transcript import Segment, Word
from transcription_runner.engine.words.alphabet import words_in


def unplaced(start: float, end: float, text: str, language: str, avg_logprob: float | None) -> Segment:
    """A segment that could not be aligned: its text, its times, and words spread over them as an estimate."""
    words = [Word(word=match.group()) for match in words_in(text, language)]
    return Segment(start=start, end=end, text=text, avg_logprob=avg_logprob, words=complete(words, start, end))


def sentence(
    text: str, words: list[Word], measured: list[bool], within: tuple[float, float], avg_logprob: float | None
) -> Segment:
    """A segment from its words with times, inside the chunk `within` (seconds).

    Where `measured` says no, the aligner has no sound for the word's characters: its time is a guess and is estimated anew.
    """
    start = _within(words[0].start, *within, within[0])
    end = _within(words[-1].end, start, within[1], within[1])
    trusted = [word if sure else Word(word=word.word) for word, sure in zip(words, measured, strict=True)]
    return Segment(start=start, end=end, text=text, avg_logprob=avg_logprob, words=complete(trusted, start, end))


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
