"""WebVTT, as the W3C defines it: escaped text, voice spans for speakers, times with a dot."""

from transcription_api.speech import Subtitles
from transcription_api.transcript import Transcript
from transcription_runner.formats.cues import cues
from transcription_runner.formats.markup import marked_lines
from transcription_runner.formats.plain import flattened
from transcription_runner.formats.timestamps import clock


def write_vtt(transcript: Transcript, limits: Subtitles) -> str:
    """A valid file for silence too: the header alone."""
    blocks = ["WEBVTT\n"]
    for cue in cues(transcript, limits):
        text = "\n".join(marked_lines(cue, escaped))
        if cue.speaker:
            text = f"<v {escaped(flattened(cue.speaker))}>{text}</v>"
        blocks.append(f"{clock(cue.start_ms, '.')} --> {clock(cue.end_ms, '.')}\n{text}\n")
    return "\n".join(blocks)


def escaped(text: str) -> str:
    """`text` as cue text: no markup and no arrow can come out of it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
