"""Speech recognition: windows of sound to text, and the language they are in. Whisper through faster-whisper and CTranslate2."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from transcription_api.runner_config import Recipe
from transcription_api.transcript import DetectedLanguage
from transcription_runner.engine.batch_size import fitting, free_memory
from transcription_runner.engine.cuda import load_libraries
from transcription_runner.engine.faults import device_faults
from transcription_runner.engine.features import features_storage, log_mel
from transcription_runner.engine.quality import TEMPERATURES, suspicions
from transcription_runner.errors import ConfigurationError
from transcription_runner.models.folders import located, not_found

BEST_OF = 5
"""Samples drawn at each temperature above 0, as Whisper does."""
SEED = 1
"""Of those samples."""
NUMERALS = frozenset("0123456789%$£€")


@dataclass(frozen=True)
class Window:
    """A chunk of speech. `samples`: float32, -1 to 1, at 16 kHz, at most 30 s; `language` is None where it is to be heard."""

    samples: NDArray[Any]
    language: str | None


@dataclass(frozen=True)
class Heard:
    """What was recognised. `avg_logprob` is the mean log-probability of the tokens; `suspicions` say why it may be wrong."""

    text: str
    language: DetectedLanguage
    avg_logprob: float
    no_speech_prob: float
    temperature: float = 0.0
    suspicions: tuple[str, ...] = ()


class Recogniser:
    """One loaded Whisper model, for many files. `recognise` may be called from as many threads as there are `workers`."""

    def __init__(self, recipe: Recipe, device: str, threads: int) -> None:
        """Load the model. Raises ConfigurationError: ModelNotFound, DeviceUnavailable, UnsupportedComputeType."""
        check_device(device, recipe.model.compute_type)
        import ctranslate2
        from faster_whisper import WhisperModel, download_model

        name = located(recipe.model.name, "model.bin")
        self.workers = 2  # on a GPU, one prepares its batch while the other's is computed; on a CPU they share the cores
        load_libraries(device)
        per_worker = max(1, threads // self.workers)
        try:
            folder = name if Path(name).is_dir() else download_model(name)
            self._whisper: Any = WhisperModel(
                folder,
                device=device,
                compute_type=str(recipe.model.compute_type),
                cpu_threads=per_worker,
                num_workers=self.workers if device == "cpu" else 1,
            )
        except Exception as error:
            raise _load_error(error, recipe, device, name) from error
        ctranslate2.set_random_seed(SEED)
        self._weight_bytes = Path(folder, "model.bin").stat().st_size
        self._recipe, self._device = recipe, device
        self._model: Any = self._whisper.model
        self._mels: int = self._whisper.feat_kwargs.get("feature_size") or 80
        self._tokenizer, self._prompt = cache(self._tokenizer_of), cache(self._prompt_of)
        self._check_language()
        self._suppressed = [-1, *self._numerals()] if recipe.decoding.suppress_numerals else [-1]

    def fitting_batch(self) -> int:
        """How many windows the device's free memory holds at once, as far as the model's size tells."""
        if self._device == "cpu":
            return fitting(self._weight_bytes, free_memory(), self._device)
        import torch

        return fitting(self._weight_bytes, torch.cuda.mem_get_info()[0], self._device)

    @device_faults()
    def recognise(self, windows: Sequence[Window]) -> list[Heard]:
        """The text of each window, in order. What fails the checks of quality.py is decoded again at rising temperatures."""
        import torch

        features = torch.stack([log_mel(window.samples, self._mels, self._device) for window in windows])
        encoded = self._model.encode(features_storage(features))
        languages = self._languages(windows, encoded)
        first = self._decode(encoded, languages, {"beam_size": self._recipe.decoding.beam_size})
        failed = [index for index, heard in enumerate(first) if heard.suspicions]
        if not failed:
            return first
        again = self._model.encode(features_storage(features[failed]))
        better = self._decode_again(again, [first[index] for index in failed])
        return [better[failed.index(index)] if index in failed else heard for index, heard in enumerate(first)]

    def _decode_again(self, encoded: Any, doubted: list[Heard]) -> list[Heard]:
        """For each the first answer that passes, else the one with fewest suspicions and the best probability."""
        best = list(doubted)
        languages = [heard.language for heard in doubted]
        for temperature in TEMPERATURES:
            sampling = {
                "beam_size": 1,
                "num_hypotheses": BEST_OF,
                "sampling_topk": 0,
                "sampling_temperature": temperature,
            }
            for index, heard in enumerate(self._decode(encoded, languages, sampling)):
                if best[index].suspicions and _merit(heard) > _merit(best[index]):
                    best[index] = replace(heard, temperature=temperature)
            if not any(heard.suspicions for heard in best):
                break
        return best

    def _languages(self, windows: Sequence[Window], encoded: Any) -> list[DetectedLanguage]:
        fixed = [window.language or self._recipe.language for window in windows]
        if not self._model.is_multilingual:
            return [DetectedLanguage(code="en") for _ in windows]
        detected = self._model.detect_language(encoded) if None in fixed else [[("<||>", 0.0)]] * len(fixed)
        return [
            DetectedLanguage(code=code) if code else DetectedLanguage(code=token[2:-2], probability=round(float(probability), 4))
            for code, [(token, probability), *_] in zip(fixed, detected, strict=True)
        ]

    def _decode(self, encoded: Any, languages: list[DetectedLanguage], search: dict[str, Any]) -> list[Heard]:
        answers = self._model.generate(
            encoded,
            [self._prompt(language.code) for language in languages],
            max_length=self._whisper.max_length,
            suppress_tokens=self._suppressed,
            return_scores=True,
            return_no_speech_prob=True,
            **search,
        )
        heard = []
        for language, answer in zip(languages, answers, strict=True):
            tokens = answer.sequences_ids[0]
            text = self._text(tokens)
            logprob = round(answer.scores[0] * len(tokens) / (len(tokens) + 1), 4)  # the end of text counts as a token
            silent = round(answer.no_speech_prob, 4)
            heard.append(Heard(text, language, logprob, silent, suspicions=suspicions(text, logprob, silent)))
        return heard

    def _text(self, tokens: list[int]) -> str:
        tokenizer = self._tokenizer("en")
        return str(tokenizer.tokenizer.decode([token for token in tokens if token < tokenizer.eot]))

    def _prompt_of(self, language: str) -> list[int]:
        tokenizer, decoding = self._tokenizer(language), self._recipe.decoding
        before = tokenizer.encode(" " + decoding.initial_prompt.strip()) if decoding.initial_prompt else []
        prompt: list[int] = self._whisper.get_prompt(tokenizer, before, without_timestamps=True, hotwords=decoding.hotwords)
        return prompt

    def _tokenizer_of(self, language: str) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        return Tokenizer(self._whisper.hf_tokenizer, self._model.is_multilingual, task=str(self._recipe.task), language=language)

    def _numerals(self) -> list[int]:
        tokenizer = self._tokenizer("en")
        return [token for token in range(tokenizer.eot) if NUMERALS & set(tokenizer.decode([token]))]

    def _check_language(self) -> None:
        language = self._recipe.language
        if language and self._model.is_multilingual and self._whisper.hf_tokenizer.token_to_id(f"<|{language}|>") is None:
            raise ConfigurationError("UnsupportedLanguage", f"the model {self._recipe.model.name!r} does not know {language!r}")
        if language not in (None, "en") and not self._model.is_multilingual:
            raise ConfigurationError(
                "UnsupportedLanguage", f"the model {self._recipe.model.name!r} knows English only, not {language!r}"
            )


def _merit(heard: Heard) -> tuple[int, float]:
    return -len(heard.suspicions), heard.avg_logprob


def check_device(device: str, compute_type: str) -> None:
    """Raises ConfigurationError when this machine lacks the device, or the device the number format."""
    import ctranslate2

    if device == "cuda" and ctranslate2.get_cuda_device_count() == 0:
        raise ConfigurationError(
            "DeviceUnavailable",
            "compute.device is cuda, but no CUDA device is seen here: check that the node has a GPU, that compute.gpuResource "
            "names its resource, and that the driver (runtimeClassName) reaches the pod; or set compute.device to cpu",
        )
    supported = ctranslate2.get_supported_compute_types(device)
    if compute_type not in supported:
        raise ConfigurationError(
            "UnsupportedComputeType",
            f"model.computeType {compute_type} does not work on this {device}; it can do {', '.join(sorted(supported))}",
        )


def _load_error(error: Exception, recipe: Recipe, device: str, name: str) -> Exception:
    """What a failed load means. What is neither absence nor format stays itself: an internal error."""
    text = str(error)
    if isinstance(error, ConfigurationError):
        return error
    if "compute type" in text:
        return ConfigurationError("UnsupportedComputeType", f"model.computeType {recipe.model.compute_type} on {device}: {text}")
    if not Path(name).is_dir():
        return not_found("model", recipe.model.name, error)
    return ConfigurationError("ModelNotLoadable", f"the model in {name} cannot be loaded: {text.strip()[:400]}")
