"""From what the stages found to the transcript that is written: pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from transcription_api.runner_config import Recipe
from transcription_api.speech import Task
from transcription_api.transcript import (
    AlignmentReport,
    DetectedLanguage,
    Segment,
    SourceObject,
    Suspicion,
    Transcript,
    TranscriptionRecord,
    Word,
)
from transcription_runner.engine.align import Aligned
from transcription_runner.engine.recognise import Heard
from transcription_runner.engine.vad import Chunk

UNDETERMINED = "und"
"""The language of silence (ISO 639-2: undetermined)."""


@dataclass(frozen=True)
class Piece:
    """A chunk with what was recognised in it and, where text is aligned, its segments."""

    chunk: Chunk
    heard: Heard
    aligned: Aligned | None = None

    @property
    def text(self) -> str:
        """What is written: nothing where the recogniser itself hears no speech."""
        return "" if "no-speech" in self.heard.suspicions else self.heard.text.strip()

    def segments(self) -> list[Segment]:
        """About a sentence each, or the chunk as one segment without words."""
        if not self.text:
            return []
        if self.aligned is not None:
            return self.aligned.segments
        return [Segment(start=self.chunk.start, end=self.chunk.end, text=self.text, avg_logprob=self.heard.avg_logprob)]

    def suspicion(self) -> Suspicion | None:
        """Why not to trust it, if so."""
        reasons = list(self.heard.suspicions)
        if not reasons or not self.heard.text.strip():
            return None
        left_out = None if self.text else self.heard.text.strip()
        return Suspicion.model_validate(
            {"start": self.chunk.start, "end": self.chunk.end, "reasons": reasons, "left_out": left_out}
        )


def transcript(
    recipe: Recipe, source: SourceObject, seconds: float, pieces: Sequence[Piece], segments: list[Segment]
) -> Transcript:
    """The transcript of one file. `pieces`: its chunks in order of time; `segments`: theirs, with speakers where wanted."""
    language = _language(recipe, pieces)
    words: list[Word] = [word for segment in segments for word in segment.words]
    record = TranscriptionRecord(
        source=source,
        duration_seconds=round(seconds, 3),
        language=language,
        model=recipe.model.name,
        task=str(recipe.task),
        alignment=_alignment(recipe, [piece for piece in pieces if piece.text]),
        suspected=[suspicion for piece in pieces if (suspicion := piece.suspicion()) is not None],
    )
    return Transcript(language=language.code, segments=segments, word_segments=words, transcription=record)


def aligns(recipe: Recipe) -> bool:
    """Whether words get times of their own."""
    return recipe.alignment.enabled and recipe.task is Task.TRANSCRIBE


def _language(recipe: Recipe, pieces: Sequence[Piece]) -> DetectedLanguage:
    """The given language without a probability, else the detected one with it."""
    if recipe.language or not pieces:
        return DetectedLanguage(code=recipe.language or UNDETERMINED)
    return next((piece.heard.language for piece in pieces if piece.heard.language.probability), pieces[0].heard.language)


def _alignment(recipe: Recipe, spoken: list[Piece]) -> AlignmentReport:
    if not spoken:
        return AlignmentReport(status="no-speech")
    if not aligns(recipe):
        why = (
            "alignment.enabled is false"
            if not recipe.alignment.enabled
            else "a translation has no words in the audio to align with"
        )
        return AlignmentReport(status="disabled", message=why)
    answers = [piece.aligned for piece in spoken if piece.aligned is not None]
    if without := next((answer for answer in answers if answer.status == "no-model"), None):
        return AlignmentReport(status="no-model", message=without.message)
    model = next((answer.model for answer in answers if answer.model), None)
    failures = [answer.message or "" for answer in answers if answer.status == "failed"]
    if not failures:
        return AlignmentReport(status="aligned", model=model)
    status = "failed" if len(failures) == len(answers) else "aligned"
    message = f"{len(failures)} of {len(answers)} chunks keep estimated times: {failures[0][:200]}"
    return AlignmentReport.model_validate({"status": status, "model": model, "message": message})
