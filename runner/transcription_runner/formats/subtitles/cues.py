"""Cues: the lines that stand on the screen at once, and when. SRT and VTT are set from the same ones.

A cue stands while it is spoken, and longer, into the silence after it, where a reader needs that; never two at once.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from transcription_api.speech import Subtitles
from transcription_api.transcript import Transcript
from transcription_runner.formats.subtitles.breaks import Line, cue_lines
from transcription_runner.formats.subtitles.page import CHAINED, GAP, LONGEST, SHORTEST, page
from transcription_runner.formats.subtitles.text import columns
from transcription_runner.formats.subtitles.utterances import segment_tokens, utterances


@dataclass(frozen=True)
class Cue:
    """Times are whole milliseconds; end > start."""

    start_ms: int
    end_ms: int
    lines: tuple[Line, ...]
    speaker: str | None = None
    highlighted: int | None = None
    """The position, counted over all lines, of the word being spoken."""

    def line_texts(self) -> list[str]:
        """The lines as plain text."""
        return [line_text(line) for line in self.lines]

    def marked_lines(self, escape: Callable[[str], str]) -> list[str]:
        """Each line's text, escaped as the format needs it; the highlighted word stands between `<u>` and `</u>`."""
        if self.highlighted is None:
            return [escape(line_text(line)) for line in self.lines]
        lines, position = [], 0
        for line in self.lines:
            text = ""
            for index, token in enumerate(line):
                word = escape(token.text)
                text += " " if index and token.spaced else ""
                text += f"<u>{word}</u>" if position == self.highlighted else word
                position += 1
            lines.append(text)
        return lines

    def times(self, separator: str) -> str:
        """`HH:MM:SS.mmm --> HH:MM:SS.mmm`, with `separator` before the milliseconds."""
        return f"{_clock(self.start_ms, separator)} --> {_clock(self.end_ms, separator)}"


def line_text(line: Line) -> str:
    """The tokens of a line, joined as they were written."""
    return "".join((" " if index and token.spaced else "") + token.text for index, token in enumerate(line))


def cues(transcript: Transcript, limits: Subtitles) -> list[Cue]:
    """All words of the transcript, in order, as cues within `limits` and those of the language (`page.py`).

    Starts increase and no cue reaches into the next. A word longer than a line stands alone on its line: nothing is cut or lost.
    """
    holds = page(transcript, limits)
    tokens = chain.from_iterable(map(segment_tokens, transcript.segments))
    spoken = [
        Cue(milliseconds(lines[0][0].start), milliseconds(lines[-1][-1].end), lines, utterance.speaker)
        for utterance in utterances(tokens, holds)
        for lines in cue_lines(utterance)
    ]
    shown = _readable(spoken, holds.speed, milliseconds(transcript.transcription.duration_seconds))
    return list(_one_at_a_time(chain.from_iterable(map(_highlighted, shown)) if limits.highlight_words else shown))


def _readable(spoken: Sequence[Cue], speed: float, audio_ms: int) -> Iterator[Cue]:
    """The reader manages `speed` columns a second. No cue outlasts the audio for that, and none reaches into the next one."""
    for index, cue in enumerate(spoken):
        need = max(SHORTEST, sum(map(columns, cue.line_texts())) / speed)
        end = max(cue.end_ms, cue.start_ms + milliseconds(need))
        limit = max(audio_ms, cue.end_ms)
        if index + 1 < len(spoken):
            following = spoken[index + 1].start_ms
            limit = max(following - milliseconds(GAP), (cue.start_ms + following) // 2)
            if limit - end < milliseconds(CHAINED):
                end = limit
        end = min(end, limit, cue.start_ms + milliseconds(LONGEST))
        yield replace(cue, end_ms=max(end, cue.start_ms + 1))


def _highlighted(cue: Cue) -> Iterator[Cue]:
    """One cue for each word: the same lines, another word marked; each lasts until the next word starts."""
    starts = [milliseconds(token.start) for line in cue.lines for token in line]
    ends = [*starts[1:], cue.end_ms]
    for index, (start, end) in enumerate(zip(starts, ends, strict=True)):
        yield replace(cue, start_ms=start, end_ms=end, highlighted=index)


def _one_at_a_time(cues: Iterable[Cue]) -> Iterator[Cue]:
    """Starts that increase, ends after starts and not after the next start, whatever the times were."""
    previous: Cue | None = None
    for cue in cues:
        start = cue.start_ms if previous is None else max(cue.start_ms, previous.start_ms + 1)
        if previous is not None:
            yield replace(previous, end_ms=min(previous.end_ms, start))
        previous = replace(cue, start_ms=start, end_ms=max(cue.end_ms, start + 1))
    if previous is not None:
        yield previous


def milliseconds(seconds: float) -> int:
    """`seconds` from the start of the audio, rounded once and for all; times before the start count as the start."""
    return max(0, round(seconds * 1000))


def _clock(time_ms: int, separator: str) -> str:
    """Hours grow beyond two digits when they must."""
    hours, rest = divmod(time_ms, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    seconds, fraction = divmod(rest, 1000)
    return f"{hours:02}:{minutes:02}:{seconds:02}{separator}{fraction:03}"
