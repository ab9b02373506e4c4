"""The engine: one file after the other through all stages, with the models loaded once."""

import logging
from collections.abc import Callable
from pathlib import Path

from transcription_api.runner_config import Recipe
from transcription_api.speech import Task
from transcription_api.transcript import (
    AlignmentReport,
    DetectedLanguage,
    Segment,
    SourceObject,
    Transcript,
    TranscriptionRecord,
    Word,
)
from transcription_runner.engine.align import Aligner, plain_segment
from transcription_runner.engine.audio import Audio
from transcription_runner.engine.decode import decode
from transcription_runner.engine.diarize import Diarizer
from transcription_runner.engine.recognise import Recognised, Recogniser
from transcription_runner.engine.surroundings import prepare_surroundings
from transcription_runner.engine.vad import find_speech

log = logging.getLogger(__name__)

UNDETERMINED = "und"
"""The language of silence (ISO 639-2: undetermined)."""


def _nothing(_: float) -> None:
    return


class Engine:
    """Transcribes local files by one recipe."""

    def __init__(self, recipe: Recipe, device: str) -> None:
        """Load the models. Raises ConfigurationError when one is missing or the device cannot run them."""
        prepare_surroundings()
        self._recipe = recipe
        self._recogniser = Recogniser(recipe, device)
        self._aligner = Aligner(recipe.alignment, device) if self._aligns else None
        self._diarizer = Diarizer(recipe.diarization, device) if recipe.diarization.enabled else None

    def decode(self, path: Path, longest_seconds: float) -> Audio:
        """The file's sound. Raises FileError."""
        return decode(path, longest_seconds)

    def transcribe(self, audio: Audio, source: SourceObject, heard: Callable[[float], None] = _nothing) -> Transcript:
        """The transcript; `heard` is told how many seconds of the audio are recognised."""
        chunks = find_speech(self._recogniser.vad, audio, self._recipe.vad)
        if not chunks:
            language = DetectedLanguage(code=self._recipe.language or UNDETERMINED)
            return self._transcript(source, audio, language, [], AlignmentReport(status="no-speech"))
        language = self._recogniser.language(audio, chunks)
        recognised = self._recogniser.recognise(audio, chunks, language.code, heard)
        spoken = [part for part in recognised if part.text.strip()]
        if not spoken:
            return self._transcript(source, audio, language, [], AlignmentReport(status="no-speech"))
        segments, report = self._timed(spoken, audio, language.code)
        if self._diarizer is not None:
            segments = self._diarizer.attribute(segments, audio)
        return self._transcript(source, audio, language, segments, report)

    @property
    def _aligns(self) -> bool:
        return self._recipe.alignment.enabled and self._recipe.task is Task.TRANSCRIBE

    def _timed(self, recognised: list[Recognised], audio: Audio, language: str) -> tuple[list[Segment], AlignmentReport]:
        if self._aligner is not None:
            return self._aligner.align(recognised, audio, language)
        why = (
            "alignment.enabled is false"
            if not self._recipe.alignment.enabled
            else "a translation has no words in the audio to align with"
        )
        return [plain_segment(part) for part in recognised], AlignmentReport(status="disabled", message=why)

    def _transcript(
        self, source: SourceObject, audio: Audio, language: DetectedLanguage, segments: list[Segment], report: AlignmentReport
    ) -> Transcript:
        words: list[Word] = [word for segment in segments for word in segment.words]
        record = TranscriptionRecord(
            source=source,
            duration_seconds=round(audio.seconds, 3),
            language=language,
            model=self._recipe.model.name,
            task=str(self._recipe.task),
            alignment=report,
        )
        return Transcript(language=language.code, segments=segments, word_segments=words, transcription=record)
