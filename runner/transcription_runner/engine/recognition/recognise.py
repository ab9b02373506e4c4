"""Speech recognition: windows of sound to text, and the language they are in. Whisper through faster-whisper and CTranslate2.

The first look uses a window as long as its chunks need, and one pass of the encoder serves language and text alike. Text that
fails Whisper's own checks (quality.py) gets a second look with the full window, then samples at rising temperatures.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from transcription_api.runner_config import ResolvedModel
from transcription_api.transcript import DetectedLanguage
from transcription_runner.engine import cuda
from transcription_runner.engine.audio import SAMPLE_RATE
from transcription_runner.engine.batch_size import fitting, free_memory
from transcription_runner.engine.faults import device_faults
from transcription_runner.engine.recognition import whisper
from transcription_runner.engine.recognition.asked import FULL_FRAMES, Asked, Interpreter, window_frames
from transcription_runner.engine.recognition.features import features_storage, log_mel, stacked
from transcription_runner.engine.recognition.language import among
from transcription_runner.engine.recognition.quality import suspicions
from transcription_runner.engine.recognition.timestamps import segments_by_timestamps
from transcription_runner.engine.recognition.weights import Weights
from transcription_runner.engine.words.attention import token_times
from transcription_runner.engine.words.word_groups import WordTime

Passage = tuple[float, float, str]


@dataclass(frozen=True, eq=False)
class Window:
    """A chunk of speech. `samples`: float32, -1 to 1, at 16 kHz, at most 30 s; `language` is None where it is to be heard."""

    samples: NDArray[Any]
    language: str | None
    asked: Asked

    @property
    def seconds(self) -> float:
        """Length of the chunk."""
        return len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True)
class Heard:
    """What was recognised. `avg_logprob` is the mean log-probability of the tokens; `suspicions` say why it may be wrong."""

    text: str
    language: DetectedLanguage
    avg_logprob: float
    no_speech_prob: float
    temperature: float = 0.0
    suspicions: tuple[str, ...] = ()
    tokens: tuple[int, ...] = ()
    probabilities: dict[str, float] | None = None
    """Of each language, where it was to be heard."""
    words: list[WordTime] | None = None
    """Word times by cross-attention, seconds from the start of the chunk, where they were asked for."""
    passages: tuple[Passage, ...] = ()
    """Start, end (seconds from the start of the chunk) and text by Whisper's own timestamps, where they were asked for."""

    @property
    def doubted(self) -> bool:
        """Whether a second look may help. What Whisper calls silence is not asked for again: more looks would invent words."""
        return bool(self.suspicions) and "no-speech" not in self.suspicions


class Recogniser:
    """One loaded Whisper model, for many files and recipes. To be called from as many threads as there are `workers`."""

    def __init__(self, model: ResolvedModel, device: str, threads: int, device_index: int = 0, extra_workers: int = 1) -> None:
        """Load the model. Raises ConfigurationError: ModelNotFound, DeviceUnavailable, UnsupportedComputeType."""
        self.workers = whisper.WORKERS
        self._whisper, folder = whisper.load(model, device, device_index, threads, extra_workers)
        self._model: Any = self._whisper.model
        self._device = device
        self._place = device if device == "cpu" else f"{device}:{device_index}"
        self._weight_bytes = (folder / "model.bin").stat().st_size
        self._mels: int = self._model.n_mels
        self._multilingual: bool = self._model.is_multilingual
        self.weights = Weights(self._model)
        self._interpreter = Interpreter(self._whisper, model.name)

    def asked(self, recipe: Any, by_attention: Callable[[str], bool]) -> Asked:
        """What `recipe` asks of this model. Raises ConfigurationError for what it cannot do."""
        return self._interpreter.asked(recipe, by_attention)

    def fitting_batch(self) -> int:
        """How many windows the device's free memory holds at once, as far as the model's size tells."""
        if self._device == "cpu":
            return fitting(self._weight_bytes, free_memory(), self._device)
        return fitting(self._weight_bytes, cuda.free_memory(self._place), self._device)

    @device_faults()
    def recognise(self, windows: Sequence[Window]) -> list[Heard]:
        """The text of each window, in order; all of one `Asked.key`. Raises DeviceError."""
        with self.weights.in_work():
            return self._recognised(windows)

    @device_faults()
    def look_again(self, windows: Sequence[Window], doubted: Sequence[Heard]) -> list[Heard]:
        """For each the first answer that passes, else the one with fewest suspicions and the best probability.

        The windows have their languages; all are of one `Asked.key`. Raises DeviceError.
        """
        with self.weights.in_work():
            return self._looked_again(windows, doubted)

    def _recognised(self, windows: Sequence[Window]) -> list[Heard]:
        frames = max(window_frames(window.seconds) for window in windows)
        encoded = self._encoded(windows, frames)
        languages, probabilities = self._languages(windows, encoded)
        decoding = windows[0].asked.recipe.decoding
        heard = self._decoded(windows, encoded, languages, decoding.temperatures[0])
        heard = [replace(one, probabilities=known) for one, known in zip(heard, probabilities, strict=True)]
        final = [index for index, one in enumerate(heard) if not one.doubted or len(decoding.temperatures) == 1]
        return self._with_words(windows, encoded, heard, final)

    def _looked_again(self, windows: Sequence[Window], doubted: Sequence[Heard]) -> list[Heard]:
        encoded = self._encoded(windows, FULL_FRAMES)
        temperatures = windows[0].asked.recipe.decoding.temperatures
        short = any(window_frames(window.seconds) < FULL_FRAMES for window in windows)
        languages = [one.language for one in doubted]
        best = list(doubted)
        for temperature in temperatures if short else temperatures[1:]:
            for index, one in enumerate(self._decoded(windows, encoded, languages, temperature)):
                if best[index].suspicions and _merit(one) > _merit(best[index]):
                    best[index] = one
            if not any(one.suspicions for one in best):
                break
        return self._with_words(windows, encoded, best, list(range(len(best))))

    def _encoded(self, windows: Sequence[Window], frames: int) -> Any:
        """The encoder's output, shape (windows, frames / 2, width).

        A CPU encodes one window at a time: what a layer leaves then still lies in the cache when the next one reads it, which
        takes two thirds of the time. A GPU takes all at once.
        """
        import torch

        features = [log_mel(window.samples, self._mels, self._place, frames) for window in windows]
        if self._device == "cuda" or len(windows) == 1:
            return self._model.encode(features_storage(torch.stack(features)))
        return stacked([self._model.encode(features_storage(one[None])) for one in features])

    def _languages(self, windows: Sequence[Window], encoded: Any) -> tuple[list[DetectedLanguage], list[dict[str, float] | None]]:
        fixed = [window.language for window in windows]
        if not self._multilingual:
            return [DetectedLanguage(code="en") for _ in windows], [None for _ in windows]
        detected = self._model.detect_language(encoded) if None in fixed else [[]] * len(fixed)
        languages: list[DetectedLanguage] = []
        known: list[dict[str, float] | None] = []
        for window, found in zip(windows, detected, strict=True):
            if window.language:
                languages.append(DetectedLanguage(code=window.language))
                known.append(None)
                continue
            candidates = window.asked.recipe.language_detection.candidates
            probabilities = among({token[2:-2]: float(probability) for token, probability in found}, candidates)
            code = max(probabilities, key=probabilities.__getitem__)
            languages.append(DetectedLanguage(code=code, probability=round(probabilities[code], 4)))
            known.append(probabilities)
        return languages, known

    def _decoded(
        self, windows: Sequence[Window], encoded: Any, languages: list[DetectedLanguage], temperature: float
    ) -> list[Heard]:
        asked = windows[0].asked
        decoding = asked.recipe.decoding
        search: dict[str, Any] = {"beam_size": decoding.beam_size, "patience": decoding.patience}
        if temperature > 0:
            search = {
                "beam_size": 1,
                "num_hypotheses": decoding.best_of,
                "sampling_topk": 0,
                "sampling_temperature": temperature,
            }
        answers = self._model.generate(
            encoded,
            [asked.prompt(language.code) for language in languages],
            length_penalty=decoding.length_penalty,
            max_length=self._whisper.max_length,
            suppress_tokens=asked.suppressed,
            return_scores=True,
            return_no_speech_prob=True,
            **search,
        )
        return [
            self._heard(window, language, answer, temperature)
            for window, language, answer in zip(windows, languages, answers, strict=True)
        ]

    def _heard(self, window: Window, language: DetectedLanguage, answer: Any, temperature: float) -> Heard:
        decoding = window.asked.recipe.decoding
        tokenizer = self._interpreter.tokenizer("en", str(window.asked.recipe.task))
        tokens = answer.sequences_ids[0]
        spoken = tuple(token for token in tokens if token < tokenizer.eot)
        text = str(tokenizer.tokenizer.decode(list(spoken)))
        total = answer.scores[0] * len(tokens) ** decoding.length_penalty if tokens else 0.0
        logprob = round(total / (len(tokens) + 1), 4)  # the end of text counts as a token
        silent = round(answer.no_speech_prob, 4)
        passages: tuple[Passage, ...] = ()
        if window.asked.with_timestamps:
            found = segments_by_timestamps(tokens, tokenizer.timestamp_begin, window.seconds)
            told = ((start, end, str(tokenizer.tokenizer.decode(part)).strip()) for start, end, part in found)
            passages = tuple(passage for passage in told if passage[2])
        return Heard(
            text,
            language,
            logprob,
            silent,
            temperature,
            suspicions(text, logprob, silent, decoding),
            spoken,
            None,
            None,
            passages,
        )

    def _with_words(self, windows: Sequence[Window], encoded: Any, heard: list[Heard], final: list[int]) -> list[Heard]:
        """The answers, and word times by cross-attention for those of `final` that are to have them."""
        wanted = [
            index for index in final if heard[index].tokens and windows[index].asked.by_attention(heard[index].language.code)
        ]
        if not wanted:
            return heard
        tokenizers = [self._interpreter.tokenizer(heard[index].language.code, "transcribe") for index in wanted]
        times = token_times(
            self._model,
            encoded,
            wanted,
            tokenizers,
            [heard[index].tokens for index in wanted],
            [windows[index].samples for index in wanted],
        )
        result = list(heard)
        for index, words in zip(wanted, times, strict=True):
            result[index] = replace(heard[index], words=words)
        return result


def _merit(heard: Heard) -> tuple[int, float]:
    return -len(heard.suspicions), heard.avg_logprob
