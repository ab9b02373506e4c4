"""Speech recognition: chunks of audio to text, and the language they are in. Whisper through whisperx and CTranslate2."""

import contextlib
import io
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from transcription_api.runner_config import Recipe
from transcription_api.speech import VadMethod
from transcription_api.transcript import DetectedLanguage
from transcription_runner.engine.audio import SAMPLE_RATE, Audio
from transcription_runner.engine.models import located, not_found
from transcription_runner.engine.surroundings import available_threads
from transcription_runner.engine.vad import Chunk, silero
from transcription_runner.errors import ConfigurationError

log = logging.getLogger(__name__)

DETECTION_SECONDS = 30
"""Whisper's window: how much speech the language is judged by."""


@dataclass(frozen=True)
class Recognised:
    """The text of one chunk. `avg_logprob` is the mean log-probability of its tokens."""

    start: float
    end: float
    text: str
    avg_logprob: float


class Recogniser:
    """One loaded Whisper model with its voice activity detector, for many files."""

    def __init__(self, recipe: Recipe, device: str) -> None:
        """Load the model. Raises ConfigurationError: ModelNotFound, DeviceUnavailable, UnsupportedComputeType."""
        check_device(device, recipe.model.compute_type)
        import torch
        import whisperx

        threads = available_threads()
        torch.set_num_threads(threads)
        self._recipe = recipe
        name = located(recipe.model.name, "model.bin")
        decoding = recipe.decoding
        vad = recipe.vad
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                pipeline = whisperx.load_model(
                    name,
                    device,
                    compute_type=str(recipe.model.compute_type),
                    language=recipe.language,
                    task=str(recipe.task),
                    threads=threads,
                    vad_model=silero(vad) if vad.method is VadMethod.SILERO else None,
                    vad_method="pyannote",
                    vad_options={"chunk_size": vad.chunk_size, "vad_onset": vad.onset, "vad_offset": vad.offset},
                    asr_options={
                        "beam_size": decoding.beam_size,
                        "initial_prompt": decoding.initial_prompt,
                        "hotwords": decoding.hotwords,
                    },
                )
        except Exception as error:
            raise _load_error(error, recipe, device, name) from error
        self.vad: Any = pipeline.vad_model
        self._model: Any = pipeline.model
        self._options: Any = pipeline.options
        self._mels: int = self._model.feat_kwargs.get("feature_size") or 80
        self._check_language()

    def language(self, audio: Audio, chunks: list[Chunk]) -> DetectedLanguage:
        """The language given by the recipe, else the one heard in the window that starts with the first speech."""
        if self._recipe.language:
            return DetectedLanguage(code=self._recipe.language)
        if not self._model.model.is_multilingual:
            return DetectedLanguage(code="en")
        first = int(chunks[0].start * SAMPLE_RATE)
        window = self._features([audio.samples[first : first + DETECTION_SECONDS * SAMPLE_RATE]])
        token, probability = self._model.model.detect_language(self._model.encode(window))[0][0]
        return DetectedLanguage(code=token[2:-2], probability=round(float(probability), 4))

    def recognise(self, audio: Audio, chunks: list[Chunk], language: str, heard: Callable[[float], None]) -> list[Recognised]:
        """The text of each chunk, in order. `heard` is told the seconds of audio done after each batch."""
        from faster_whisper.tokenizer import Tokenizer

        tokenizer = Tokenizer(
            self._model.hf_tokenizer, self._model.model.is_multilingual, task=str(self._recipe.task), language=language
        )
        results: list[Recognised] = []
        size = self._recipe.model.batch_size
        for index in range(0, len(chunks), size):
            batch = chunks[index : index + size]
            cuts = [audio.samples[int(chunk.start * SAMPLE_RATE) : int(chunk.end * SAMPLE_RATE)] for chunk in batch]
            answer = self._model.generate_segment_batched(self._features(cuts), tokenizer, self._options)
            for chunk, text, logprob in zip(batch, answer["text"], answer["avg_logprob"], strict=True):
                results.append(Recognised(chunk.start, chunk.end, text, round(float(logprob), 4)))
            heard(batch[-1].end)
        return results

    def _features(self, cuts: list[Any]) -> Any:
        """Log-mel features, each padded to Whisper's window: (batch, mels, 3000)."""
        import torch
        from whisperx.audio import N_SAMPLES, log_mel_spectrogram

        windows = [cut[:N_SAMPLES] for cut in cuts]  # a chunk's times are rounded, so it may be some samples too long
        return torch.stack([log_mel_spectrogram(cut, n_mels=self._mels, padding=N_SAMPLES - len(cut)) for cut in windows])

    def _check_language(self) -> None:
        language = self._recipe.language
        if language and self._model.model.is_multilingual and self._model.hf_tokenizer.token_to_id(f"<|{language}|>") is None:
            raise ConfigurationError("UnsupportedLanguage", f"the model {self._recipe.model.name!r} does not know {language!r}")
        if language not in (None, "en") and not self._model.model.is_multilingual:
            raise ConfigurationError(
                "UnsupportedLanguage", f"the model {self._recipe.model.name!r} knows English only, not {language!r}"
            )


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
    if not name.startswith("/"):
        return not_found("model", recipe.model.name, error)
    return ConfigurationError("ModelNotLoadable", f"the model in {name} cannot be loaded: {text.strip()[:400]}")
