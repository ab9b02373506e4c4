"""SubRip (SRT): numbered cues, `HH:MM:SS,mmm`, a blank line between them.

SRT has no standard and no escapes. Text stands as it was said, but for an invisible joiner where players and parsers (ffmpeg,
pysubs2, srt) would take it for markup, for the times of a cue or for the number of the next one, and show less than was said.
"""

import re
from collections.abc import Iterable

from transcription_runner.formats.subtitles.cues import Cue

JOINER = "\u2060"
"""The word joiner: invisible, and in no text that `flattened` made."""
_OPENS_MARKUP = re.compile(r"[<{]")
_CLOCK = re.compile(r"\d:\d+:\d+[.,]\d")
_NUMBER = re.compile(r"-?[\d.]+")


def write_srt(cues: Iterable[Cue]) -> str:
    """The speaker's name stands before the text as `[NAME]: `. Empty for silence."""
    blocks = []
    for number, cue in enumerate(cues, start=1):
        first, *others = cue.marked_lines(_unmarked)
        if cue.speaker:
            first = f"[{_unmarked(cue.speaker)}]: {first}"
        blocks.append("\n".join((str(number), cue.times(","), _untimed(first), *map(_unnumbered, map(_untimed, others)))) + "\n")
    return "\n".join(blocks)


def _unmarked(text: str) -> str:
    return _OPENS_MARKUP.sub(lambda opening: opening[0] + JOINER, text)


def _untimed(line: str) -> str:
    return line.replace(":", ":" + JOINER) if len(_CLOCK.findall(line)) > 1 else line


def _unnumbered(line: str) -> str:
    return JOINER + line if _NUMBER.fullmatch(line) else line
