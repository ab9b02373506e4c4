"""A transcript in the shapes of OpenAI's audio API. Pure.

What Whisper does not tell is left out, not made up: segments have no `tokens`, `seek`, `temperature` and `no_speech_prob`.
"""

import json
from typing import Any

from transcription_api.speech import Format, Subtitles
from transcription_api.transcript import Segment, Transcript
from transcription_runner.engine.words.alphabet import WITHOUT_SPACES
from transcription_runner.formats.documents import MEDIA_TYPES, documents
from transcription_runner.formats.subtitles.text import flattened
from transcription_runner.serve.answers import Body
from transcription_runner.serve.openai_fields import ResponseFormat, TranscriptionFields, TranslationFields

NOBODY = "unknown"
"""The speaker of a segment in which no voice was told apart."""


def body(transcript: Transcript, fields: TranslationFields) -> Body:
    """The answer in the response_format that was asked for."""
    wanted = fields.response_format
    if wanted in (ResponseFormat.SRT, ResponseFormat.VTT):
        kind = Format(str(wanted))
        return Body(documents(transcript, [kind], Subtitles())[kind], MEDIA_TYPES[kind])
    if wanted is ResponseFormat.TEXT:
        return Body(f"{text_of(transcript.segments, transcript.language)}\n".encode(), MEDIA_TYPES[Format.TXT])
    if wanted is ResponseFormat.VERBOSE_JSON:
        return _json(_verbose(transcript, fields))
    if wanted is ResponseFormat.DIARIZED_JSON:
        return _json(_diarized(transcript))
    return _json(_plain(transcript))


def text_of(segments: list[Segment], language: str) -> str:
    """The words of segments on one line, written as the language is."""
    return between(language).join(text for segment in segments if (text := flattened(segment.text)))


def between(language: str) -> str:
    """What stands between two stretches of text."""
    return "" if language in WITHOUT_SPACES else " "


def usage_of(transcript: Transcript) -> dict[str, Any]:
    """What OpenAI would charge for: whole seconds, as it counts them."""
    return {"type": "duration", "seconds": -(-int(transcript.transcription.duration_seconds * 1000) // 1000)}


def _plain(transcript: Transcript) -> dict[str, Any]:
    return {"text": text_of(transcript.segments, transcript.language), "usage": usage_of(transcript)}


def _verbose(transcript: Transcript, fields: TranslationFields) -> dict[str, Any]:
    from whisperx.utils import LANGUAGES

    granularities = fields.timestamp_granularities if isinstance(fields, TranscriptionFields) else []
    answer: dict[str, Any] = {
        "task": transcript.transcription.task,
        "language": LANGUAGES.get(transcript.language, transcript.language),
        "duration": transcript.transcription.duration_seconds,
        **_plain(transcript),
    }
    if "word" in granularities:
        words = [word for word in transcript.word_segments if word.start is not None and word.end is not None]
        answer["words"] = [{"word": flattened(word.word), "start": word.start, "end": word.end} for word in words]
    if "segment" in granularities or not granularities:
        answer["segments"] = [
            {"id": number, **_placed(segment)}
            | ({} if segment.avg_logprob is None else {"avg_logprob": round(segment.avg_logprob, 4)})
            for number, segment in enumerate(transcript.segments)
        ]
    return answer


def _diarized(transcript: Transcript) -> dict[str, Any]:
    letters: dict[str, str] = {}
    segments = []
    for number, segment in enumerate(transcript.segments):
        speaker = NOBODY if segment.speaker is None else letters.setdefault(segment.speaker, _letter(len(letters)))
        segments.append({"type": "transcript.text.segment", "id": f"seg_{number}", **_placed(segment), "speaker": speaker})
    return {
        "task": transcript.transcription.task,
        "duration": transcript.transcription.duration_seconds,
        **_plain(transcript),
        "segments": segments,
    }


def _placed(segment: Segment) -> dict[str, Any]:
    return {"start": segment.start, "end": segment.end, "text": flattened(segment.text)}


def _letter(number: int) -> str:
    """A, B, …, Z, AA, AB, …"""
    first, last = divmod(number, 26)
    return (_letter(first - 1) if first else "") + chr(ord("A") + last)


def _json(answer: dict[str, Any]) -> Body:
    return Body(json.dumps(answer, ensure_ascii=False).encode(), MEDIA_TYPES[Format.JSON])
