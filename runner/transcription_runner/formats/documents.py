"""All the files of one transcript: format -> bytes, and the media type that each is stored under.

JSON, TSV and TXT are written here, segment by segment; VTT and SRT have a file each and are written cue by cue.
"""

import json
from collections.abc import Iterable
from functools import cache

from transcription_api.speech import Format, Subtitles
from transcription_api.transcript import Transcript
from transcription_runner.formats.srt import write_srt
from transcription_runner.formats.subtitles.cues import Cue, cues, milliseconds
from transcription_runner.formats.subtitles.text import flattened
from transcription_runner.formats.vtt import write_karaoke, write_vtt

MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.TSV: "text/tab-separated-values; charset=utf-8",
    Format.TXT: "text/plain; charset=utf-8",
    Format.VTT: "text/vtt; charset=utf-8",
    Format.SRT: "application/x-subrip; charset=utf-8",
}


def documents(transcript: Transcript, wanted: Iterable[Format], limits: Subtitles) -> dict[Format, bytes]:
    """The transcript in each wanted format, UTF-8. The same words stand in all of them."""

    @cache
    def cut() -> list[Cue]:
        return cues(transcript, limits)

    writers = {
        Format.JSON: lambda: write_json(transcript),
        Format.TSV: lambda: write_tsv(transcript),
        Format.TXT: lambda: write_txt(transcript),
        Format.VTT: lambda: write_vtt(cut()),
        Format.SRT: lambda: write_srt(cut()),
    }
    return {format_: writers[format_]().encode("utf-8", "replace") for format_ in wanted}


def karaoke(transcript: Transcript, limits: Subtitles) -> bytes:
    """The transcript as WebVTT whose words light up one after the other; a media type of `VTT`."""
    return write_karaoke(cues(transcript, limits)).encode("utf-8", "replace")


def write_json(transcript: Transcript) -> str:
    """One JSON object, whisperX's fields and ours; its schema is published as crds/schemas/transcript.json.

    Text is written as it is, not as escapes, and flattened as in the other formats.
    """
    document = transcript.wire()
    for segment in document["segments"]:
        segment["text"] = flattened(segment["text"])
    for word in (*document["word_segments"], *(word for segment in document["segments"] for word in segment["words"])):
        word["word"] = flattened(word["word"])
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def write_tsv(transcript: Transcript) -> str:
    """Start, end (whole milliseconds) and text of each segment, under a header line.

    Tabs and newlines inside a text become spaces, so a row is always one line of three cells.
    """
    rows = ["start\tend\ttext\n"]
    for segment in transcript.segments:
        text = flattened(segment.text)
        if text:
            start = milliseconds(segment.start)
            rows.append(f"{start}\t{max(milliseconds(segment.end), start)}\t{text}\n")
    return "".join(rows)


def write_txt(transcript: Transcript) -> str:
    """One line for each segment, the speaker before it where known; empty for silence."""
    lines = ((segment.speaker, flattened(segment.text)) for segment in transcript.segments)
    return "".join(f"[{flattened(speaker)}]: {text}\n" if speaker else f"{text}\n" for speaker, text in lines if text)
