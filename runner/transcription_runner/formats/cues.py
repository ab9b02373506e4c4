"""Subtitle segmentation: from a transcript to cues that fit a screen. SRT and VTT are set from the same cues."""

from collections.abc import Iterator
from dataclasses import dataclass

from transcription_api.speech import Subtitles
from transcription_api.transcript import Transcript
from transcription_runner.formats.timestamps import milliseconds
from transcription_runner.formats.tokens import Token, segment_tokens

SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？")
FULL_ENOUGH = 0.5
"""A cue that is filled at least this much ends with the sentence rather than starting the next one."""


@dataclass(frozen=True)
class Cue:
    """What is on the screen at once. Times are milliseconds; end > start; starts never decrease from cue to cue."""

    start_ms: int
    end_ms: int
    lines: tuple[tuple[Token, ...], ...]
    speaker: str | None = None
    highlighted: int | None = None
    """The position, counted over all lines, of the word being spoken."""

    def line_texts(self) -> list[str]:
        """The lines as plain text."""
        return [line_text(line) for line in self.lines]


def line_text(line: tuple[Token, ...]) -> str:
    """The tokens of a line, joined as they were written."""
    return "".join((" " if index and token.spaced else "") + token.text for index, token in enumerate(line))


def cues(transcript: Transcript, limits: Subtitles) -> list[Cue]:
    """All words of the transcript, in order, as cues within `limits`.

    A single word longer than a line stands alone on its line: nothing is cut or lost.
    """
    shown = (cue for segment in transcript.segments for cue in _fill(segment_tokens(segment), limits))
    if limits.highlight_words:
        shown = (spoken for cue in shown for spoken in _highlighted(cue))
    return list(_in_order(shown))


def _fill(tokens: list[Token], limits: Subtitles) -> Iterator[Cue]:
    lines: list[tuple[Token, ...]] = []
    line: tuple[Token, ...] = ()
    for token in tokens:
        if line and _starts_anew(lines, line, token, limits):
            yield _cue([*lines, line])
            lines, line = [], ()
        if line and len(line_text((*line, token))) > limits.max_line_width - _prefix(lines, token):
            lines.append(line)
            line = ()
            if len(lines) == limits.max_line_count:
                yield _cue(lines)
                lines = []
        line = (*line, token)
    if line:
        yield _cue([*lines, line])


def _prefix(lines: list[tuple[Token, ...]], token: Token) -> int:
    """Room that the speaker's name takes on a cue's first line, as SRT writes it."""
    return len(f"[{token.speaker}]: ") if token.speaker and not lines else 0


def _starts_anew(lines: list[tuple[Token, ...]], line: tuple[Token, ...], token: Token, limits: Subtitles) -> bool:
    if token.speaker != line[-1].speaker:
        return True
    filled = len(lines) * limits.max_line_width + len(line_text(line))
    return line[-1].text.endswith(SENTENCE_ENDS) and filled >= FULL_ENOUGH * limits.max_line_width * limits.max_line_count


def _cue(lines: list[tuple[Token, ...]]) -> Cue:
    first, last = lines[0][0], lines[-1][-1]
    return Cue(milliseconds(first.start), milliseconds(last.end), tuple(lines), first.speaker)


def _highlighted(cue: Cue) -> Iterator[Cue]:
    """One cue for each word: the same lines, another word marked; each lasts until the next word starts."""
    words = [token for line in cue.lines for token in line]
    starts = [milliseconds(word.start) for word in words]
    for index, start in enumerate(starts):
        end = starts[index + 1] if index + 1 < len(starts) else cue.end_ms
        yield Cue(start, end, cue.lines, cue.speaker, index)


def _in_order(shown: Iterator[Cue]) -> Iterator[Cue]:
    """Starts that never decrease, ends that come after starts and, where there is room, not after the next cue's start."""
    previous: Cue | None = None
    for cue in shown:
        start = cue.start_ms if previous is None else max(cue.start_ms, previous.start_ms)
        current = Cue(start, max(cue.end_ms, start + 1), cue.lines, cue.speaker, cue.highlighted)
        if previous is not None:
            end = current.start_ms if previous.start_ms < current.start_ms < previous.end_ms else previous.end_ms
            yield Cue(previous.start_ms, end, previous.lines, previous.speaker, previous.highlighted)
        previous = current
    if previous is not None:
        yield previous
