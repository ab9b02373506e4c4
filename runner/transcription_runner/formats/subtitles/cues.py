"""Cues: the lines that stand on the screen at once, and when. SRT and VTT are set from the same ones.

A cue stands while it is spoken, and longer, into the silence after it, where a reader needs that. Two stand at once only where
two speakers talk at once.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from transcription_api.speech import Subtitles
from transcription_api.transcript import Transcript
from transcription_runner.formats.subtitles.breaks import Line, cue_lines
from transcription_runner.formats.subtitles.page import CHAINED, GAP, LEAST, LONGEST, SHORTEST
from transcription_runner.formats.subtitles.text import columns
from transcription_runner.formats.subtitles.utterances import Utterance, utterances


@dataclass(frozen=True)
class Cue:
    """Times are whole milliseconds; end > start."""

    start_ms: int
    end_ms: int
    lines: tuple[Line, ...]
    speaker: str | None = None
    reading_ms: int = 0
    """How long a reader needs for it."""
    highlighted: int | None = None
    """The position, counted over all lines, of the word being spoken."""

    def line_texts(self) -> list[str]:
        """The lines as plain text."""
        return [line_text(line) for line in self.lines]

    def marked_lines(self, escape: Callable[[str], str]) -> list[str]:
        """Each line's text, escaped as the format needs it; the highlighted word stands between `<u>` and `</u>`."""
        return self.lines_of(lambda position, word: f"<u>{escape(word)}</u>" if position == self.highlighted else escape(word))

    def lines_of(self, written: Callable[[int, str], str]) -> list[str]:
        """Each line, its words as `written` makes them of their position, counted over all lines, and their text."""
        lines, position = [], 0
        for line in self.lines:
            text = ""
            for index, token in enumerate(line):
                text += (" " if index and token.spaced else "") + written(position, token.text)
                position += 1
            lines.append(text)
        return lines

    def word_starts(self) -> list[int]:
        """When each word, counted over all lines, starts to be spoken, in milliseconds: from the cue's start on, all within it,
        and no two at once."""
        tokens = [token for line in self.lines for token in line]
        starts = [self.start_ms]
        for index, token in enumerate(tokens[1:], start=1):
            latest = self.end_ms - (len(tokens) - index)
            starts.append(min(max(milliseconds(token.start), starts[-1] + 1), latest))
        return starts

    def times(self, separator: str) -> str:
        """`HH:MM:SS.mmm --> HH:MM:SS.mmm`, with `separator` before the milliseconds."""
        return f"{clock(self.start_ms, separator)} --> {clock(self.end_ms, separator)}"


def line_text(line: Line) -> str:
    """The tokens of a line, joined as they were written."""
    return "".join((" " if index and token.spaced else "") + token.text for index, token in enumerate(line))


def cues(transcript: Transcript, limits: Subtitles) -> list[Cue]:
    """All words of the transcript as cues within `limits` and those of the language (`page.py`), in order of their starts.

    Each speaker's words are in the order in which they stand in the transcript. A word longer than a line stands alone on its
    line: nothing is cut or lost.
    """
    said = utterances(transcript, limits)
    spoken = _in_order(_spoken(utterance, lines) for utterance in said for lines in cue_lines(utterance))
    shown = _shown(spoken, milliseconds(transcript.transcription.duration_seconds))
    if not limits.highlight_words:
        return shown
    return sorted(chain.from_iterable(map(_highlighted, shown)), key=lambda cue: cue.start_ms)


def _spoken(utterance: Utterance, lines: tuple[Line, ...]) -> Cue:
    start, end = milliseconds(lines[0][0].start), milliseconds(lines[-1][-1].end)
    cue = Cue(start, end, lines, utterance.speaker)
    reading = max(SHORTEST, sum(map(columns, cue.line_texts())) / utterance.page.speed)
    return replace(cue, reading_ms=milliseconds(reading))


def _in_order(cues: Iterable[Cue]) -> list[Cue]:
    """By the times at which they are spoken; a speaker's own cues keep their order, whatever their times are."""
    latest: dict[str | None, int] = {}
    ordered: list[Cue] = []
    for cue in cues:
        start = latest[cue.speaker] = max(cue.start_ms, latest.get(cue.speaker, 0))
        ordered.append(replace(cue, start_ms=start, end_ms=max(cue.end_ms, start)))
    return sorted(ordered, key=lambda cue: cue.start_ms)


def _shown(spoken: Sequence[Cue], audio_ms: int) -> list[Cue]:
    """The cues with the times at which they stand. Starts increase.

    A cue that no cut could give `LEAST` makes the next one wait. No cue outlasts the audio to be read, but for `LEAST`.
    """
    later = nexts(spoken)
    earliest = [0] * len(spoken)
    starts: list[int] = []
    for index, cue in enumerate(spoken):
        starts.append(max(cue.start_ms, earliest[index], starts[-1] + 1 if starts else 0))
        if (following := later[index]) is not None:
            earliest[following] = max(earliest[following], starts[-1] + _least(cue))
    return [
        replace(cue, start_ms=start, end_ms=_end(cue, start, audio_ms, None if following is None else starts[following]))
        for cue, start, following in zip(spoken, starts, later, strict=True)
    ]


def nexts(spoken: Sequence[Cue]) -> list[int | None]:
    """For each cue the position of the first one after it that may not stand beside it: of the same speaker, or spoken after it.

    `spoken` is in order of the starts. Of n cues in n log n, whatever speakers and times a stranger's transcript has.
    """
    found: list[int | None] = [None] * len(spoken)
    own: dict[str | None, int] = {}
    for index in range(len(spoken) - 1, -1, -1):
        cue = spoken[index]
        after = bisect_left(spoken, cue.end_ms, index + 1, key=lambda other: other.start_ms)
        first = min(after, own.get(cue.speaker, len(spoken)))
        found[index] = first if first < len(spoken) else None
        own[cue.speaker] = index
    return found


def _least(cue: Cue) -> int:
    """Milliseconds, at least one for each word, since each can be highlighted."""
    return max(milliseconds(LEAST), sum(map(len, cue.lines)))


def _end(cue: Cue, start: int, audio_ms: int, following: int | None) -> int:
    end = max(cue.end_ms, start + cue.reading_ms)
    limit = max(audio_ms, cue.end_ms)
    if following is not None:
        limit = max(following - milliseconds(GAP), (start + following) // 2)
        if limit - end < milliseconds(CHAINED):
            end = limit
    return max(min(end, limit, start + milliseconds(LONGEST)), start + _least(cue))


def _highlighted(cue: Cue) -> Iterator[Cue]:
    """One cue for each word: the same lines, another word marked; each lasts until the next word starts."""
    for index, (start, end) in enumerate(pairwise((*cue.word_starts(), cue.end_ms))):
        yield replace(cue, start_ms=start, end_ms=end, highlighted=index)


def milliseconds(seconds: float) -> int:
    """`seconds` from the start of the audio, rounded once and for all; times before the start count as the start."""
    return max(0, round(seconds * 1000))


def clock(time_ms: int, separator: str) -> str:
    """`HH:MM:SS.mmm`, with `separator` before the milliseconds. Hours grow beyond two digits when they must."""
    hours, rest = divmod(time_ms, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    seconds, fraction = divmod(rest, 1000)
    return f"{hours:02}:{minutes:02}:{seconds:02}{separator}{fraction:03}"
