"""WebVTT, as the W3C defines it: escaped text, voice spans for speakers, times with a dot."""

from collections.abc import Iterable

from transcription_runner.formats.subtitles.cues import Cue


def write_vtt(cues: Iterable[Cue]) -> str:
    """A valid file for silence too: the header alone."""
    blocks = ["WEBVTT\n"]
    for cue in cues:
        text = "\n".join(cue.marked_lines(escaped))
        if cue.speaker:
            text = f"<v {escaped(cue.speaker)}>{text}</v>"
        blocks.append(f"{cue.times('.')}\n{text}\n")
    return "\n".join(blocks)


def escaped(text: str) -> str:
    """`text` as cue text: no markup and no arrow can come out of it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
