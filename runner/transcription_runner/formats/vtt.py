"""WebVTT, as the W3C defines it: escaped text, voice spans for speakers, times with a dot."""

from collections.abc import Iterable

from transcription_runner.formats.cue import Cue
from transcription_runner.formats.markup import marked_lines
from transcription_runner.formats.timestamps import clock


def write_vtt(cues: Iterable[Cue]) -> str:
    """A valid file for silence too: the header alone."""
    blocks = ["WEBVTT\n"]
    for cue in cues:
        text = "\n".join(marked_lines(cue, escaped))
        if cue.speaker:
            text = f"<v {escaped(cue.speaker)}>{text}</v>"
        blocks.append(f"{clock(cue.start_ms, '.')} --> {clock(cue.end_ms, '.')}\n{text}\n")
    return "\n".join(blocks)


def escaped(text: str) -> str:
    """`text` as cue text: no markup and no arrow can come out of it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
