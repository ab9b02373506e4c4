"""Words of a stream: where they come from, where a long segment is cut, and whose the words of a second look are. Pure."""

import re
from collections.abc import Sequence
from dataclasses import replace

from transcription_api.transcript import Transcript
from transcription_runner.formats.subtitles.text import flattened
from transcription_runner.serve.live.agreement import LiveWord
from transcription_runner.serve.live.happenings import LiveSegment
from transcription_runner.serve.openai_answers import between

SHORTEST_SECONDS = 3.0
"""No sentence alone makes a shorter segment."""
_LAST_OF_SENTENCE = re.compile(r"[.!?…。．！？؟۔।॥։።]+[\"'”’»」』）)\]】》〉]*$")


def words_of(transcript: Transcript, offset: float) -> list[LiveWord]:
    """The words of a look that began so many seconds after the start of the stream; one without times stands at its neighbour."""
    words: list[LiveWord] = []
    latest = offset
    for segment in transcript.segments:
        for word in segment.words:
            text = flattened(word.word)
            start = latest if word.start is None else offset + word.start
            end = start if word.end is None else offset + word.end
            latest = max(latest, end)
            if text:
                words.append(LiveWord(text, start, end, 1.0 if word.score is None else word.score))
    return words


def text_of(words: Sequence[LiveWord], language: str) -> str:
    """Words as the language is written."""
    return between(language).join(word.text for word in words)


def cut_after(told: Sequence[LiveWord], certain: Sequence[LiveWord], at_sentence: bool) -> int | None:
    """After how many of the words that just became certain a long segment ends: at the end of its last sentence, or after all.

    What is told already stays where it is. None where it can't be cut yet.
    """
    words = [*told, *certain]
    if not at_sentence:
        return len(certain) if words else None
    for count in range(len(words), max(0, len(told) - 1), -1):
        if words[count - 1].end - words[0].start >= SHORTEST_SECONDS and _LAST_OF_SENTENCE.search(words[count - 1].text):
            return count - len(told)
    return None


def corrected(segments: Sequence[LiveSegment], words: Sequence[LiveWord]) -> list[LiveSegment]:
    """Those segments of a stream of which a second look tells other words, with these: a word belongs where its middle lies."""
    found: dict[int, list[LiveWord]] = {segment.number: [] for segment in segments}
    for word in words:
        middle = (word.start + word.end) / 2
        nearest = min(segments, key=lambda segment: max(segment.start - middle, middle - segment.end, 0.0))
        found[nearest.number].append(word)
    return [
        replace(segment, words=found[segment.number])
        for segment in segments
        if [word.text for word in segment.words] != [word.text for word in found[segment.number]]
    ]
