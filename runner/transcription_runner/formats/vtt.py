"""WebVTT, as the W3C defines it: escaped text, voice spans for speakers, times with a dot."""

from collections.abc import Callable, Iterable

from transcription_runner.formats.subtitles.cues import Cue, clock


def write_vtt(cues: Iterable[Cue]) -> str:
    """A valid file for silence too: the header alone."""
    return _file(cues, lambda cue: cue.marked_lines(escaped))


def write_karaoke(cues: Iterable[Cue]) -> str:
    """The same as karaoke: before each word of a cue but the first stands the time from which it is spoken. Players style what
    was said and what is to come by `::cue(:past)` and `::cue(:future)`."""
    return _file(cues, _timed_lines)


def _file(cues: Iterable[Cue], lines: Callable[[Cue], list[str]]) -> str:
    blocks = ["WEBVTT\n"]
    for cue in cues:
        text = "\n".join(lines(cue))
        if cue.speaker:
            text = f"<v {escaped(cue.speaker)}>{text}</v>"
        blocks.append(f"{cue.times('.')}\n{text}\n")
    return "\n".join(blocks)


def _timed_lines(cue: Cue) -> list[str]:
    starts = cue.word_starts()
    return cue.lines_of(
        lambda position, word: (
            f"<{clock(starts[position], '.')}><c>{escaped(word)}</c>" if position else f"<c>{escaped(word)}</c>"
        )
    )


def escaped(text: str) -> str:
    """`text` as cue text: no markup and no arrow can come out of it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
