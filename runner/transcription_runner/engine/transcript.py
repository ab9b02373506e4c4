"""From what the stages found to the transcript that is written: pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge

from transcription_api.runner_config import Recipe
from transcription_api.speech import Task
from transcription_api.transcript import (
    AlignmentReport,
    AudioRecord,
    DetectedLanguage,
    Segment,
    SourceObject,
    Stretch,
    Suspicion,
    Transcript,
    TranscriptionRecord,
    Word,
)
from transcription_runner.engine.detection.vad import Chunk
from transcription_runner.engine.recognition.recognise import Heard
from transcription_runner.engine.words.align import Aligned

UNDETERMINED = "und"
"""The language of silence (ISO 639-2: undetermined)."""
LOWEST_SCORE = 0.1
"""Where the aligner's mean score of a chunk's words is lower, the text is hardly in the sound."""
UNCOVERED_SECONDS = 2.0
"""A stretch of speech without any word is listed from this length on: shorter ones are breaths and "mm"."""


@dataclass(frozen=True)
class Part:
    """A chunk of one channel of a file."""

    channel: int
    chunk: Chunk


@dataclass(frozen=True)
class Placed:
    """A part with what was recognised in it and, where its words have times, its segments."""

    part: Part
    heard: Heard
    aligned: Aligned | None = None

    @property
    def text(self) -> str:
        """What is written: nothing where the recogniser itself hears no speech."""
        return "" if "no-speech" in self.heard.suspicions else self.heard.text.strip()

    def segments(self, recipe: Recipe, speaker: str | None) -> list[Segment]:
        """About a sentence each, or the chunk as one segment without words."""
        if not self.text:
            return []
        language = self.heard.language.code if recipe.language_detection.per_chunk else None
        more = {name: value for name, value in (("speaker", speaker), ("language", language)) if value is not None}
        return [_with(segment, more) for segment in self._segments()]

    def _segments(self) -> list[Segment]:
        chunk, heard = self.part.chunk, self.heard
        if self.aligned is not None:
            return self.aligned.segments
        if heard.passages:
            passages = [(chunk.start + start, chunk.start + end, text) for start, end, text in heard.passages]
            return [Segment(start=a, end=b, text=text, avg_logprob=heard.avg_logprob) for a, b, text in passages]
        return [Segment(start=chunk.start, end=chunk.end, text=self.text, avg_logprob=heard.avg_logprob)]

    def suspicion(self) -> Suspicion | None:
        """Why not to trust it, if so."""
        reasons: list[str] = list(self.heard.suspicions)
        if self._hardly_aligned():
            reasons.append("low-alignment")
        if not reasons or not self.heard.text.strip():
            return None
        left_out = None if self.text else self.heard.text.strip()
        chunk = self.part.chunk
        return Suspicion.model_validate({"start": chunk.start, "end": chunk.end, "reasons": reasons, "left_out": left_out})

    def _hardly_aligned(self) -> bool:
        if self.aligned is None or self.aligned.method != "ctc":
            return False
        scores = [word.score for segment in self.aligned.segments for word in segment.words if word.score is not None]
        return bool(scores) and sum(scores) / len(scores) < LOWEST_SCORE


def segments_of(recipe: Recipe, placed: Sequence[Placed], names: Sequence[str]) -> list[Segment]:
    """All segments in order of time; overlapping talk of channels stays. `names`: of split channels, else empty."""
    channels = sorted({one.part.channel for one in placed})
    by_channel = [
        [
            segment
            for one in placed
            if one.part.channel == channel
            for segment in one.segments(recipe, names[channel] if names else None)
        ]
        for channel in channels
    ]
    return list(merge(*by_channel, key=lambda segment: segment.start))


def channel_names(recipe: Recipe, channels: int) -> list[str]:
    """The name of each split channel: as the recipe has it, else CHANNEL_0, CHANNEL_1, …"""
    given = recipe.audio.channel_names[:channels]
    return given + [f"CHANNEL_{number}" for number in range(len(given), channels)]


def transcript(
    recipe: Recipe,
    model: str,
    source: SourceObject,
    seconds: float,
    language: DetectedLanguage | None,
    placed: Sequence[Placed],
    segments: list[Segment],
    audio: AudioRecord,
) -> Transcript:
    """The transcript of one file. `placed`: its parts in order of time; `segments`: theirs, with speakers where wanted.

    `language`: what was heard in the whole file, where it was voted on.
    """
    language = _language(recipe, language, placed)
    words: list[Word] = [word for segment in segments for word in segment.words]
    record = TranscriptionRecord(
        source=source,
        duration_seconds=round(seconds, 3),
        language=language,
        model=model,
        task=str(recipe.task),
        alignment=_alignment(recipe, [one for one in placed if one.text], words),
        suspected=[suspicion for one in placed if (suspicion := one.suspicion()) is not None],
        uncovered=uncovered(placed),
        audio=audio,
    )
    return Transcript(language=language.code, segments=segments, word_segments=words, transcription=record)


def aligns(recipe: Recipe) -> bool:
    """Whether words get times of their own."""
    return recipe.alignment.enabled and recipe.task is Task.TRANSCRIBE


def uncovered(placed: Sequence[Placed]) -> list[Stretch]:
    """Where voices are heard for UNCOVERED_SECONDS and more, and no word is written."""
    found = []
    for one in placed:
        chunk = one.part.chunk
        spoken = _spoken(one)
        for start, end in chunk.voiced or ((chunk.start, chunk.end),):
            at = start
            for word_start, word_end in (*spoken, (end, end)):
                if min(word_start, end) - at >= UNCOVERED_SECONDS:
                    found.append(Stretch(start=round(at, 3), end=round(min(word_start, end), 3)))
                at = max(at, min(word_end, end))
    return sorted(found, key=lambda stretch: stretch.start)


def _spoken(one: Placed) -> list[tuple[float, float]]:
    """Where words are written in order of time; without times of words, where segments are."""
    if not one.text:
        return []
    segments = one.segments(Recipe(), None)
    timed = [word for segment in segments for word in segment.words]
    words = [(word.start, word.end) for word in timed if word.start is not None and word.end is not None]
    return sorted(words or [(segment.start, segment.end) for segment in segments])


def _language(recipe: Recipe, heard: DetectedLanguage | None, placed: Sequence[Placed]) -> DetectedLanguage:
    """The given language without a probability; else the one heard in the file; chunk by chunk, that of most speech."""
    if recipe.language or not placed:
        return DetectedLanguage(code=recipe.language or UNDETERMINED)
    if heard is not None:
        return heard
    seconds: dict[str, float] = {}
    for one in placed:
        code, chunk = one.heard.language.code, one.part.chunk
        seconds[code] = seconds.get(code, 0.0) + chunk.end - chunk.start
    most = max(seconds, key=seconds.__getitem__)
    found = [one.heard.language for one in placed if one.heard.language.code == most]
    return max(found, key=lambda language: language.probability or 0.0)


def _alignment(recipe: Recipe, spoken: list[Placed], words: list[Word]) -> AlignmentReport:
    if not spoken:
        return AlignmentReport(status="no-speech")
    if not aligns(recipe):
        why = (
            "alignment.enabled is false"
            if not recipe.alignment.enabled
            else "a translation has no words in the audio to align with; its segments have Whisper's own times"
        )
        return AlignmentReport(status="disabled", message=why)
    answers = [one.aligned for one in spoken if one.aligned is not None]
    if without := next((answer for answer in answers if answer.status == "no-model"), None):
        return AlignmentReport(status="no-model", message=without.message)
    methods = {answer.method for answer in answers if answer.method}
    failures = [answer.message or "" for answer in answers if answer.status == "failed"]
    fields = {
        "status": "failed" if answers and len(failures) == len(answers) else "aligned",
        "method": "ctc" if "ctc" in methods else next(iter(methods), None),
        "model": next((answer.model for answer in answers if answer.model), None),
        "estimated_share": round(sum(bool(word.estimated) for word in words) / len(words), 4) if words else None,
    }
    if failures:
        fields["message"] = f"{len(failures)} of {len(answers)} chunks keep estimated times: {failures[0][:200]}"
    return AlignmentReport.model_validate(fields)


def _with(segment: Segment, more: dict[str, str]) -> Segment:
    """The segment, and where it has a speaker its words, with more fields."""
    if not more:
        return segment
    words = segment.words
    if "speaker" in more:
        words = [word.model_copy(update={"speaker": more["speaker"]}) for word in words]
    return segment.model_copy(update={**more, "words": words})
