"""Builders of small values for the runner's tests: only what a test speaks of has to be said."""

from typing import Any

from transcription_api.runner_config import RunnerConfig
from transcription_api.speech import Subtitles
from transcription_api.transcript import (
    AlignmentReport,
    DetectedLanguage,
    Segment,
    SourceObject,
    Transcript,
    TranscriptionRecord,
    Word,
)


def word(text: str, start: float | None = None, end: float | None = None, **more: Any) -> Word:
    return Word(word=text, start=start, end=end, **more)


def segment(text: str, start: float = 0.0, end: float = 1.0, *, timed: bool = False, **more: Any) -> Segment:
    """`timed` gives each word of the text an equal share of the time."""
    words = []
    if timed:
        texts = text.split()
        step = (end - start) / max(1, len(texts))
        words = [word(one, start + index * step, start + (index + 1) * step) for index, one in enumerate(texts)]
    return Segment(start=start, end=end, text=text, words=more.pop("words", words), **more)


def transcript(*segments: Segment, language: str = "en") -> Transcript:
    record = TranscriptionRecord(
        source=SourceObject(bucket="calls", key="a.wav", etag="e1"),
        duration_seconds=60.0,
        language=DetectedLanguage(code=language, probability=0.9),
        model="asr-small",
        task="transcribe",
        alignment=AlignmentReport(status="aligned"),
    )
    return Transcript(
        language=language,
        segments=list(segments),
        word_segments=[one for part in segments for one in part.words],
        transcription=record,
    )


def limits(width: int = 42, count: int = 2, highlight: bool = False) -> Subtitles:
    return Subtitles(max_line_width=width, max_line_count=count, highlight_words=highlight)


def runner_config(**more: Any) -> RunnerConfig:
    """A configuration over bucket `calls`, prefix `in/`, outputs in the same bucket below `out/`."""
    fields: dict[str, Any] = {
        "job": {"namespace": "default", "name": "calls", "uid": "uid-1", "jobName": "calls-1", "parallelism": 1},
        "source": {"bucket": "calls", "prefix": "in/"},
        "output": {"bucket": "calls", "prefix": "out/", "formats": ["json", "tsv", "txt", "vtt", "srt"]},
        "endpoint": "http://127.0.0.1:1",
        "model": {"name": "asr-small", "computeType": "int8", "batchSize": 4},
        "recipe": {},
        "device": "cpu",
    }
    return RunnerConfig.model_validate({**fields, **more})
