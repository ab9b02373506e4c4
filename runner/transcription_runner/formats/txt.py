"""TXT: one line for each segment, the speaker before it where known."""

from transcription_api.transcript import Transcript
from transcription_runner.formats.plain import flattened


def write_txt(transcript: Transcript) -> str:
    """Plain text; empty for silence."""
    lines = ((segment.speaker, flattened(segment.text)) for segment in transcript.segments)
    return "".join(f"[{flattened(speaker)}]: {text}\n" if speaker else f"{text}\n" for speaker, text in lines if text)
