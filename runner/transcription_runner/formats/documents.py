"""All the files of one transcript: format -> bytes, and the media type that each is stored under."""

from transcription_api.speech import Format, Subtitles
from transcription_api.transcript import Transcript
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


def document(transcript: Transcript, wanted: Format, limits: Subtitles) -> bytes:
    """The transcript in one format, UTF-8."""
    match wanted:
        case Format.JSON:
            text = write_json(transcript)
        case Format.TSV:
            text = write_tsv(transcript)
        case Format.TXT:
            text = write_txt(transcript)
        case Format.VTT:
            text = write_vtt(transcript, limits)
        case Format.SRT:
            text = write_srt(transcript, limits)
    return text.encode("utf-8", "replace")
