"""Alignment models: which one a language has, and how it is loaded. Each is loaded once, however many languages share it."""

import contextlib
import io
import logging
from dataclasses import dataclass

from transcription_api.speech import Alignment
from transcription_runner.engine.alphabet import Alphabet
from transcription_runner.engine.emissions import Emitter, HuggingFace, Network, Torchaudio
from transcription_runner.engine.sentences import bounded_downloads, sentence_spans
from transcription_runner.models.folders import bundle_folder, default_aligner, located, not_found

log = logging.getLogger(__name__)

MOST_LOADED = 4
"""Alignment models kept in memory; a job in more languages loads the oldest anew."""


@dataclass(frozen=True)
class AlignModel:
    """A loaded model under the name by which it was found."""

    name: str
    alphabet: Alphabet
    emitter: Emitter


class AlignModels:
    """Models by language, loaded when first needed. A language without one is remembered, too."""

    def __init__(self, settings: Alignment, device: str) -> None:
        """Raises ConfigurationError (ModelNotFound) when a model is named and missing: that concerns every file."""
        self._device = device
        self._loaded: dict[str, AlignModel] = {}
        self._without: dict[str, str] = {}
        self._only: AlignModel | None = None
        if settings.model:
            try:
                self._only = self._load("en", located(settings.model, "config.json"))
            except (ValueError, LookupError) as error:
                raise not_found("alignment model", settings.model, error) from error

    def of(self, language: str) -> AlignModel | str:
        """The language's model, or why there is none."""
        if self._only is not None:
            return self._only
        if language in self._without:
            return self._without[language]
        try:
            return self._load(language, default_aligner(language))
        except Exception as error:  # no model for a language, or none that can be had here, is no fault of the file
            self._without[language] = f"no alignment model for {language!r}: {str(error).strip()[:300]}"
            log.warning("%s; words of such files get no times", self._without[language])
            return self._without[language]

    def _load(self, language: str, name: str | None) -> AlignModel:
        key = name or language
        if key in self._loaded:
            return self._loaded[key]
        import whisperx
        from whisperx.alignment import DEFAULT_ALIGN_MODELS_HF, DEFAULT_ALIGN_MODELS_TORCH

        sentence_spans("", language)
        shown = name or DEFAULT_ALIGN_MODELS_TORCH.get(language) or DEFAULT_ALIGN_MODELS_HF.get(language) or language
        with contextlib.redirect_stdout(io.StringIO()), bounded_downloads():
            model, metadata = whisperx.load_align_model(language, self._device, model_name=name, model_dir=bundle_folder(shown))
        kind = HuggingFace if metadata["type"] == "huggingface" else Torchaudio
        network: Network = kind(model.eval(), metadata["dictionary"])
        while len(self._loaded) >= MOST_LOADED:
            self._loaded.pop(next(iter(self._loaded)))
        self._loaded[key] = AlignModel(shown, network.alphabet, Emitter(network, self._device))
        return self._loaded[key]
