"""TSV: start, end (whole milliseconds) and text of each segment, under a header line."""

from transcription_api.transcript import Transcript
from transcription_runner.formats.plain import flattened
from transcription_runner.formats.timestamps import milliseconds


def write_tsv(transcript: Transcript) -> str:
    """Tabs and newlines inside a text become spaces, so a row is always one line of three cells."""
    rows = ["start\tend\ttext\n"]
    for segment in transcript.segments:
        text = flattened(segment.text)
        if text:
            start = milliseconds(segment.start)
            rows.append(f"{start}\t{max(milliseconds(segment.end), start)}\t{text}\n")
    return "".join(rows)
