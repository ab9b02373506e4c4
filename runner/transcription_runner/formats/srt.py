"""SubRip (SRT): numbered cues, `HH:MM:SS,mmm`, a blank line between them."""

from transcription_api.speech import Subtitles
from transcription_api.transcript import Transcript
from transcription_runner.formats.cues import cues
from transcription_runner.formats.markup import marked_lines
from transcription_runner.formats.plain import flattened
from transcription_runner.formats.timestamps import clock


def write_srt(transcript: Transcript, limits: Subtitles) -> str:
    """SRT knows no escapes: text stands as it was said. Empty for silence."""
    blocks = []
    for number, cue in enumerate(cues(transcript, limits), start=1):
        lines = marked_lines(cue, str)
        if cue.speaker:
            lines[0] = f"[{flattened(cue.speaker)}]: {lines[0]}"
        blocks.append("\n".join((str(number), f"{clock(cue.start_ms, ',')} --> {clock(cue.end_ms, ',')}", *lines)) + "\n")
    return "\n".join(blocks)
