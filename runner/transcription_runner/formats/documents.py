"""All the files of one transcript: format -> bytes, and the media type that each is stored under."""

from collections.abc import Iterable
from functools import cache

from transcription_api.speech import Format, Subtitles
from transcription_api.transcript import Transcript
from transcription_runner.formats.cue import Cue
from transcription_runner.formats.cues import cues
from transcription_runner.formats.srt import write_srt
from transcription_runner.formats.transcript_json import write_json
from transcription_runner.formats.tsv import write_tsv
from transcription_runner.formats.txt import write_txt
from transcription_runner.formats.vtt import write_vtt

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
