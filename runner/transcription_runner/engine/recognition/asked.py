"""What a recipe asks of the recogniser, worked out once for each recipe: prompt, suppressed tokens, window, checks. Pure but for
the tokenizer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from transcription_api.runner_config import Recipe
from transcription_api.speech import Task
from transcription_runner.errors import ConfigurationError

NUMERALS = frozenset("0123456789%$£€")
FULL_FRAMES = 3000
"""Frames of 10 ms in Whisper's window of 30 s."""
WINDOW_FRAMES = (1500, 2000, 2500, FULL_FRAMES)
"""Windows that are used. The encoder's work grows with the window, and a chunk of 5 s needs a sixth of 30 s; but below 15 s
Whisper, which was trained on 30, loses words (docs/decisions/0007)."""
MARGIN_SECONDS = 2.0
"""Silence that a window keeps after its chunk: without it the decoder does not know where to end."""


def window_frames(seconds: float) -> int:
    """The shortest window that a chunk of so many seconds fits into with its margin."""
    return next((frames for frames in WINDOW_FRAMES if (seconds + MARGIN_SECONDS) * 100 <= frames), FULL_FRAMES)


@dataclass(frozen=True, eq=False)
class Asked:
    """One recipe, as the recogniser needs it."""

    recipe: Recipe
    key: str
    """Equal for what may share a batch, apart from the window."""
    suppressed: list[int]
    with_timestamps: bool
    prompt: Callable[[str], list[int]] = field(repr=False)
    """By language code: the tokens before the text."""
    by_attention: Callable[[str], bool] = field(repr=False)
    """By language code: whether words get their times from cross-attention."""


class Interpreter:
    """Turns recipes into what is asked of one loaded model."""

    def __init__(self, whisper: Any, model_name: str) -> None:
        """`whisper`: a faster_whisper.WhisperModel."""
        self._whisper, self._name = whisper, model_name
        self._multilingual: bool = whisper.model.is_multilingual
        self.tokenizer = cache(self._tokenizer_of)

    def asked(self, recipe: Recipe, by_attention: Callable[[str], bool]) -> Asked:
        """Raises ConfigurationError for what this model cannot do: UnsupportedLanguage, UnsupportedTask, PromptTooLong."""
        self._check_language(recipe)
        decoding = recipe.decoding
        before = self._before(recipe)
        with_timestamps = recipe.task is Task.TRANSLATE

        @cache
        def prompt(language: str) -> list[int]:
            tokenizer = self.tokenizer(language, str(recipe.task))
            sequence = [*before, *tokenizer.sot_sequence]
            return sequence if with_timestamps else [*sequence, tokenizer.no_timestamps]

        suppressed = sorted({-1, *decoding.suppress_tokens, *(self._numerals() if decoding.suppress_numerals else ())})
        key = f"{recipe.task} {decoding.model_dump_json()}"
        return Asked(recipe, key, suppressed, with_timestamps, prompt, by_attention)

    def _before(self, recipe: Recipe) -> list[int]:
        """Hotwords and prompt as tokens spoken before. Raises ConfigurationError if they are too many for the model."""
        decoding, tokenizer = recipe.decoding, self.tokenizer("en", str(recipe.task))
        texts = [text.strip() for text in (decoding.hotwords, decoding.initial_prompt) if text and text.strip()]
        tokens = [token for text in texts for token in tokenizer.encode(f" {text}")]
        most = int(self._whisper.max_length) // 2 - 1
        if len(tokens) > most:
            raise ConfigurationError(
                "PromptTooLong",
                f"decoding.initialPrompt and decoding.hotwords are {len(tokens)} tokens together, and the model takes at most "
                f"{most}: shorten them",
            )
        return [tokenizer.sot_prev, *tokens] if tokens else []

    def _tokenizer_of(self, language: str, task: str) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        return Tokenizer(self._whisper.hf_tokenizer, self._multilingual, task=task, language=language)

    def _numerals(self) -> list[int]:
        tokenizer = self.tokenizer("en", str(Task.TRANSCRIBE))
        return [token for token in range(tokenizer.eot) if NUMERALS & set(tokenizer.decode([token]))]

    def _check_language(self, recipe: Recipe) -> None:
        wanted = [recipe.language] if recipe.language else recipe.language_detection.candidates
        if not self._multilingual and recipe.task is Task.TRANSLATE:
            raise ConfigurationError("UnsupportedTask", f"the model {self._name!r} knows English only and cannot translate")
        for language in wanted:
            if self._multilingual and self._whisper.hf_tokenizer.token_to_id(f"<|{language}|>") is None:
                raise ConfigurationError("UnsupportedLanguage", f"the model {self._name!r} does not know {language!r}")
            if not self._multilingual and language != "en":
                raise ConfigurationError("UnsupportedLanguage", f"the model {self._name!r} knows English only, not {language!r}")
