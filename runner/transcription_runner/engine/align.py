"""Forced alignment: word times for recognised text, by whisperx. A segment that cannot be aligned keeps its text and times."""

import contextlib
import io
import logging
from typing import Any

from transcription_api.speech import Alignment
from transcription_api.transcript import AlignmentReport, Segment
from transcription_runner.engine.audio import Audio
from transcription_runner.engine.models import default_aligner, located, not_found
from transcription_runner.engine.recognise import Recognised
from transcription_runner.engine.sentences import bounded_downloads, language_of_splitter
from transcription_runner.engine.words import placed, unplaced

log = logging.getLogger(__name__)

MOST_LOADED = 4
"""Alignment models kept in memory; a job in more languages loads the oldest anew."""


class Aligner:
    """Alignment models by language, loaded when first needed and kept. A language without one is remembered, too."""

    def __init__(self, settings: Alignment, device: str) -> None:
        """Raises ConfigurationError (ModelNotFound) when a model is named and missing: that concerns every file."""
        self._settings = settings
        self._device = device
        self._loaded: dict[str, tuple[Any, dict[str, Any], str]] = {}
        self._without: dict[str, str] = {}
        if settings.enabled and settings.model:
            name = located(settings.model, "config.json")
            try:
                self._loaded[""] = self._load("en", name)
            except (ValueError, LookupError) as error:
                raise not_found("alignment model", settings.model, error) from error

    def align(self, recognised: list[Recognised], audio: Audio, language: str) -> tuple[list[Segment], AlignmentReport]:
        """Segments (about a sentence each) with words, and what alignment came to."""
        found = self._model(language)
        if found is None:
            plain = [plain_segment(part) for part in recognised]
            return plain, AlignmentReport(status="no-model", message=self._without[language])
        model, metadata, name = found
        segments: list[Segment] = []
        failures: list[str] = []
        for part in recognised:
            try:
                segments += self._aligned(part, audio, model, metadata, language)
            except Exception as error:  # whatever goes wrong inside, the text must not be lost with it
                log.warning("alignment of %.1f-%.1f s failed: %s", part.start, part.end, error)
                failures.append(str(error))
                segments.append(unplaced(part.start, part.end, part.text.strip(), language, part.avg_logprob))
        if not failures:
            return segments, AlignmentReport(status="aligned", model=name)
        status = "failed" if len(failures) == len(recognised) else "aligned"
        message = f"{len(failures)} of {len(recognised)} chunks keep estimated times: {failures[0][:200]}"
        return segments, AlignmentReport(status=status, model=name, message=message)

    def _aligned(self, part: Recognised, audio: Audio, model: Any, metadata: dict[str, Any], language: str) -> list[Segment]:
        import whisperx

        text = part.text.strip()
        if not text:
            return []
        raw = {"start": part.start, "end": part.end, "text": text, "avg_logprob": part.avg_logprob}
        spoken = {**metadata, "language": language_of_splitter(language)}
        result = whisperx.align([raw], model, spoken, audio.samples, self._device)
        found = [segment for segment in result["segments"] if segment["words"]]
        words = "".join(word["word"] for segment in found for word in segment["words"])
        if "".join(words.split()) != "".join(text.split()):
            raise ValueError("the aligner found no place for some of the words")
        return [placed(segment, metadata["dictionary"], part.start, part.end) for segment in found]

    def _model(self, language: str) -> tuple[Any, dict[str, Any], str] | None:
        if "" in self._loaded:
            return self._loaded[""]
        if language not in self._loaded and language not in self._without:
            try:
                if len(self._loaded) >= MOST_LOADED:
                    self._loaded.pop(next(iter(self._loaded)))
                self._loaded[language] = self._load(language, default_aligner(language))
            except Exception as error:  # no model for a language, or none that can be had here, is no fault of the file
                self._without[language] = f"no alignment model for {language!r}: {str(error).strip()[:300]}"
                log.warning("%s; words of such files get no times", self._without[language])
        return self._loaded.get(language)

    def _load(self, language: str, name: str | None) -> tuple[Any, dict[str, Any], str]:
        import whisperx
        from whisperx.alignment import DEFAULT_ALIGN_MODELS_HF, DEFAULT_ALIGN_MODELS_TORCH

        language_of_splitter(language)
        shown = name or DEFAULT_ALIGN_MODELS_TORCH.get(language) or DEFAULT_ALIGN_MODELS_HF.get(language) or language
        with contextlib.redirect_stdout(io.StringIO()), bounded_downloads():
            model, metadata = whisperx.load_align_model(language, self._device, model_name=name)
        return model, metadata, shown


def plain_segment(part: Recognised) -> Segment:
    """A recognised chunk as a segment without words."""
    return Segment(start=part.start, end=part.end, text=part.text.strip(), avg_logprob=part.avg_logprob)
