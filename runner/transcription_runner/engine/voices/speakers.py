"""Who said which word: turns of speakers and timed words in, segments of one speaker each out.

A word belongs to the speaker whose turns overlap it most, or to the nearest turn where none does. A segment is cut where the
speaker changes. Times of words and of turns come from different networks and disagree by some hundredths of a second, so a
word beside a boundary may fall to the wrong side: what is shorter than BRIEF inside another's speech is no change of speaker.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from transcription_api.transcript import Segment

BRIEF = 0.2
"""Seconds: shorter than a word that somebody says alone ("yes"), longer than the error of a boundary."""


@dataclass(frozen=True)
class Turn:
    """One speaker talks from `start` to `end` (seconds). Turns given together are in order of time and do not overlap."""

    start: float
    end: float
    speaker: str


@dataclass
class _Said:
    """The time of one word, its own or taken from its neighbour, and who said it."""

    start: float
    end: float
    speaker: str


def attribute(segments: Sequence[Segment], turns: Sequence[Turn]) -> list[Segment]:
    """The segments with speakers, for themselves and for their words, cut where the speaker changes.

    No word and no character of text is lost but white space at a cut, and their order stays. Speakers are named SPEAKER_00,
    SPEAKER_01, … in order of appearance in the segments. Without turns the segments come back as they are.
    """
    return attribute_with_names(segments, turns)[0]


def attribute_with_names(segments: Sequence[Segment], turns: Sequence[Turn]) -> tuple[list[Segment], dict[str, str]]:
    """As `attribute`, and what each speaker of the turns is called now; who says no word is not among them."""
    if not turns:
        return list(segments), {}
    clock = _Clock(turns)
    said = [[_Said(start, end, clock.speaker(start, end)) for start, end in _times(segment)] for segment in segments]
    _smooth([word for words in said for word in words])
    parts: list[Segment] = []
    for segment, words in zip(segments, said, strict=True):
        if words:
            parts += _parts(segment, words)
        else:
            parts.append(segment.model_copy(update={"speaker": clock.speaker(segment.start, segment.end)}))
    return _named(parts)


class _Clock:
    """Looks turns up by time."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = turns
        self._ends = [turn.end for turn in turns]

    def speaker(self, start: float, end: float) -> str:
        """Who speaks longest from `start` to `end`; where nobody does, who speaks nearest."""
        first = index = bisect_right(self._ends, start)
        seconds: dict[str, float] = {}
        while index < len(self._turns) and (turn := self._turns[index]).start < end:
            seconds[turn.speaker] = seconds.get(turn.speaker, 0.0) + min(turn.end, end) - max(turn.start, start)
            index += 1
        if seconds:
            return max(seconds, key=seconds.__getitem__)
        near = self._turns[max(0, first - 1) : first + 1]
        return min(near, key=lambda turn: max(turn.start - end, start - turn.end)).speaker


def _times(segment: Segment) -> Iterator[tuple[float, float]]:
    """Start and end of every word; a word without times stands where the word before it ended."""
    end = segment.start
    for word in segment.words:
        start = end if word.start is None else word.start
        end = start if word.end is None else max(start, word.end)
        yield start, end


def _smooth(words: Iterable[_Said]) -> None:
    """A run of words shorter than BRIEF between words of one and the same other speaker goes to that speaker."""
    runs = [list(run) for _, run in groupby(words, key=lambda word: word.speaker)]
    for before, run, after in zip(runs, runs[1:], runs[2:], strict=False):
        if before[-1].speaker == after[0].speaker and run[-1].end - run[0].start < BRIEF:
            for word in run:
                word.speaker = before[-1].speaker


def _parts(segment: Segment, said: Sequence[_Said]) -> list[Segment]:
    """The segment cut where the speaker changes; left whole, its longest speaker's, if its text does not hold its words."""
    words = [word.model_copy(update={"speaker": one.speaker}) for word, one in zip(segment.words, said, strict=True)]
    cuts = [index for index, (one, other) in enumerate(pairwise(said), 1) if one.speaker != other.speaker]
    places = _places(segment) if cuts else []
    if not cuts or places is None:
        return [segment.model_copy(update={"speaker": _longest(said), "words": words})]
    texts = [0, *(places[cut] for cut in cuts), len(segment.text)]
    starts = [segment.start, *(said[cut].start for cut in cuts)]
    ends = [*(said[cut - 1].end for cut in cuts), segment.end]
    return [
        segment.model_copy(
            update={
                "start": start,
                "end": max(start, end),
                "text": segment.text[slice(*text)].strip(),
                "speaker": said[first].speaker,
                "words": words[first:last],
            }
        )
        for (first, last), text, start, end in zip(pairwise([0, *cuts, len(said)]), pairwise(texts), starts, ends, strict=True)
    ]


def _places(segment: Segment) -> list[int] | None:
    """Where in the segment's text its words begin; None if one of them is not there."""
    places, end = [], 0
    for word in segment.words:
        place = segment.text.find(word.word.strip(), end)
        if place < 0:
            return None
        places.append(place)
        end = place + len(word.word.strip())
    return places


def _longest(said: Sequence[_Said]) -> str:
    seconds: dict[str, float] = {}
    for word in said:
        seconds[word.speaker] = seconds.get(word.speaker, 0.0) + word.end - word.start
    return max(seconds, key=seconds.__getitem__)


def _named(segments: Sequence[Segment]) -> tuple[list[Segment], dict[str, str]]:
    """Speakers renamed by order of appearance, and the names."""
    appearances = (name for segment in segments for name in (*(word.speaker for word in segment.words), segment.speaker))
    names = {name: f"SPEAKER_{number:02d}" for number, name in enumerate(dict.fromkeys(appearances))}
    renamed = [
        segment.model_copy(
            update={
                "speaker": names[segment.speaker],
                "words": [word.model_copy(update={"speaker": names[word.speaker]}) for word in segment.words],
            }
        )
        for segment in segments
    ]
    return renamed, {str(old): new for old, new in names.items()}
