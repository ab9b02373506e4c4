"""A chunk's words with times, cut into segments of about a sentence each."""

from collections.abc import Sequence

from transcription_api.transcript import Segment, Word
from transcription_runner.engine.words.alphabet import words_in
from transcription_runner.engine.words.estimates import sentence, unplaced
from transcription_runner.engine.words.sentences import sentence_spans
from transcription_runner.engine.words.word_groups import WordTime


def segments_from_words(
    text: str, words: Sequence[WordTime], language: str, chunk: tuple[float, float], avg_logprob: float | None
) -> list[Segment]:
    """The chunk's segments in order, with all of its text. `chunk`: its start and end in the file, seconds.

    `words` are those of words_in(text, language), with times from the chunk's start. If they are not, the times belong to another
    text: this one keeps the chunk's time, with estimated words.
    """
    text = text.strip()
    found = words_in(text, language)
    if not found:
        return []
    if [match.group() for match in found] != [word.word for word in words]:
        return [unplaced(*chunk, text, language, avg_logprob)]
    segments = []
    for begin, end in sentence_spans(text, language):
        inside = [place for place, match in enumerate(found) if begin <= match.start() < end]
        if inside:
            parts = [_in_file(words[place], chunk[0]) for place in inside]
            segments.append(sentence(text[begin:end], parts, [True] * len(parts), chunk, avg_logprob))
    return segments


def _in_file(word: WordTime, offset: float) -> Word:
    return Word(
        word=word.word, start=round(offset + word.start, 3), end=round(offset + word.end, 3), score=round(word.probability, 3)
    )
