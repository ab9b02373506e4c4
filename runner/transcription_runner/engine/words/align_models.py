"""Alignment models: which one a language has, and how it is loaded. Each is loaded once, however many languages share it."""

import contextlib
import io
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import RLock

from transcription_runner.engine.cuda import empty_cache
from transcription_runner.engine.faults import is_device_dead, is_out_of_memory
from transcription_runner.engine.words.alphabet import Alphabet
from transcription_runner.engine.words.emissions import Emitter, HuggingFace, Network, Torchaudio
from transcription_runner.engine.words.sentences import bounded_downloads, sentence_spans
from transcription_runner.models.folders import bundle_file, bundle_folder, default_aligner, located, not_found

log = logging.getLogger(__name__)

MOST_LOADED = 4
"""Alignment models kept in memory; a job in more languages loads the oldest anew."""

RETRY_SECONDS = 60.0
"""After a failure to load a model (a hub that does not answer, a damaged folder): until then its files get no word times."""


@dataclass(frozen=True)
class AlignModel:
    """A loaded model under the name by which it was found."""

    name: str
    alphabet: Alphabet
    emitter: Emitter


class AlignModels:
    """Models by language, loaded when first needed, for several threads.

    That a language has none is known for good; a failure to load passes.
    """

    def __init__(self, device: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._device, self._clock = device, clock
        self._loaded: dict[str, AlignModel] = {}
        self._without: dict[str, str] = {}
        self._failed: dict[str, tuple[float, str]] = {}
        self._proven: set[str] = set()
        self._lock = RLock()

    def named(self, name: str) -> AlignModel:
        """The model of that name, for whatever language. Raises ConfigurationError (ModelNotFound): that concerns every file."""
        with self._lock:
            try:
                return self._load("en", located(name, "config.json"))
            except (ValueError, LookupError) as error:
                raise not_found("alignment model", name, error) from error

    def knows(self, language: str) -> bool:
        """Whether the language has a model that can be loaded here."""
        with self._lock:
            return language in self._proven or isinstance(self.of(language), AlignModel)

    def of(self, language: str) -> AlignModel | str:
        """The language's model, or why there is none now. Raises what the libraries raise when the device is dead."""
        with self._lock:
            model = self._of(language)
            if isinstance(model, AlignModel):
                self._proven.add(language)
            return model

    def _of(self, language: str) -> AlignModel | str:
        if language in self._without:
            return self._without[language]
        failed, reason = self._failed.get(language, (-math.inf, ""))
        if self._clock() - failed < RETRY_SECONDS:
            return reason
        return self._attempt(language, others_may_go=True)

    def _attempt(self, language: str, others_may_go: bool) -> AlignModel | str:
        try:
            name = default_aligner(language)
            if name is None and not _has_default(language):
                self._without[language] = f"no alignment model for {language!r}: none is known for this language"
                log.warning("%s; words of such files get no times", self._without[language])
                return self._without[language]
            return self._load(language, name)
        except Exception as error:  # what cannot be had here and now is no fault of the file
            cause = (error.__context__ if isinstance(error, ValueError) else None) or error  # whisperx wraps all in ValueError
            if is_device_dead(cause):
                raise cause from None
            short = is_out_of_memory(cause)
            reason = f"no alignment model for {language!r} could be loaded: {str(cause).strip()[:300]}"
        if short and others_may_go and self._loaded:
            self._loaded.clear()  # models of other languages, which are loaded anew when they are needed
            empty_cache()
            return self._attempt(language, others_may_go=False)
        if not short:  # memory may be there for the next batch
            self._failed[language] = (self._clock(), reason)
        log.warning("%s; words of such files get no times until it can be loaded", reason)
        return reason

    def _load(self, language: str, name: str | None) -> AlignModel:
        key = name or language
        if key in self._loaded:
            return self._loaded[key]
        import whisperx
        from huggingface_hub import constants
        from whisperx.alignment import DEFAULT_ALIGN_MODELS_HF, DEFAULT_ALIGN_MODELS_TORCH

        sentence_spans("", language)
        shown = name or DEFAULT_ALIGN_MODELS_TORCH.get(language) or DEFAULT_ALIGN_MODELS_HF.get(language) or language
        folder = bundle_folder(shown)
        if folder is None and constants.HF_HUB_OFFLINE and (file := bundle_file(shown)) and not file.is_file():
            raise LookupError(f"the hub is not asked, and {file} is not there")  # torchaudio would ask its own server
        with contextlib.redirect_stdout(io.StringIO()), bounded_downloads():
            model, metadata = whisperx.load_align_model(language, self._device, model_name=name, model_dir=folder)
        kind = HuggingFace if metadata["type"] == "huggingface" else Torchaudio
        network: Network = kind(model.eval(), metadata["dictionary"])
        while len(self._loaded) >= MOST_LOADED:
            self._loaded.pop(next(iter(self._loaded)))
        self._loaded[key] = AlignModel(shown, network.alphabet, Emitter(network, self._device))
        return self._loaded[key]


def _has_default(language: str) -> bool:
    """Whether whisperx names an alignment model for the language."""
    from whisperx.alignment import DEFAULT_ALIGN_MODELS_HF, DEFAULT_ALIGN_MODELS_TORCH

    return language in DEFAULT_ALIGN_MODELS_TORCH or language in DEFAULT_ALIGN_MODELS_HF
