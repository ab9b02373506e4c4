"""The options of `transcribe` that shape the transcript, each from a field of the contract: its help, its type, its default.

A table says which option stands for which field. From it come the parser's arguments, the Recipe that was asked for, and the
words in which an error speaks of a field: `--vad-onset`, where the contract says `vad.onset`.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from transcription_api.runner_config import Recipe
from transcription_api.speech import AlignmentMethod, Channels, Subtitles
from transcription_runner import loading
from transcription_runner.local.arguments import argument, field_at, language_code, languages
from transcription_runner.models.folders import model_name

Kind = TypeVar("Kind", bound=BaseModel)


@dataclass(frozen=True)
class Option:
    """A flag of the command line and the field that it sets, by its path in Python's names: `vad.onset`."""

    flag: str
    path: str
    metavar: str | None = None
    help: str | None = None
    """Left out: the field's own description."""

    @property
    def wire_path(self) -> str:
        """The field as manifests write it: `languageDetection.minProbability`."""
        head, *tail = self.path.split("_")
        return head + "".join(part[:1].upper() + part[1:] for part in tail)


SPEECH = (
    Option("--language", "language", "LANGUAGE", "such as es or Spanish; left out, detected for each file"),
    Option("--task", "task", help="transcribe writes the words as spoken, translate writes English"),
    Option("--initial-prompt", "decoding.initial_prompt", "TEXT"),
    Option("--hotwords", "decoding.hotwords", "WORDS"),
    Option("--suppress-numerals", "decoding.suppress_numerals"),
    Option("--min-language-probability", "language_detection.min_probability", "P"),
    Option("--candidates", "language_detection.candidates", "LANGUAGES"),
    Option("--language-per-chunk", "language_detection.per_chunk"),
)
AUDIO = (
    Option("--channels", "audio.channels"),
    Option("--channel-names", "audio.channel_names", "NAMES"),
    Option("--track", "audio.track", "N"),
)
SEARCH = (
    Option("--beam-size", "decoding.beam_size", "N"),
    Option("--patience", "decoding.patience", "X"),
    Option("--length-penalty", "decoding.length_penalty", "X"),
    Option("--best-of", "decoding.best_of", "N"),
    Option("--compression-ratio-threshold", "decoding.compression_ratio_threshold", "X"),
    Option("--logprob-threshold", "decoding.log_prob_threshold", "X"),
    Option("--no-speech-threshold", "decoding.no_speech_threshold", "P"),
    Option("--suppress-tokens", "decoding.suppress_tokens", "NUMBERS"),
)
VAD = (
    Option("--vad-method", "vad.method"),
    Option("--vad-onset", "vad.onset", "P"),
    Option("--vad-offset", "vad.offset", "P"),
    Option("--chunk-size", "vad.chunk_size", "SECONDS"),
)
WORDS = (
    Option("--align-method", "alignment.method"),
    Option("--align-model", "alignment.model", "NAME"),
    Option("--characters", "alignment.characters"),
)
SPEAKERS = (
    Option("--diarize", "diarization.enabled", help="say who spoke"),
    Option("--min-speakers", "diarization.min_speakers", "N"),
    Option("--max-speakers", "diarization.max_speakers", "N"),
    Option("--diarize-model", "diarization.model", "NAME"),
    Option("--speaker-embeddings", "diarization.embeddings"),
)
SUBTITLES = (
    Option("--max-line-width", "max_line_width", "N"),
    Option("--max-line-count", "max_line_count", "N"),
    Option("--highlight-words", "highlight_words"),
)
RECIPE = (*SPEECH, *AUDIO, *SEARCH, *VAD, *WORDS, *SPEAKERS)
FLAGS = {
    **loading.OPTIONS,
    **{option.wire_path: option.flag for option in (*RECIPE, *SUBTITLES)},
    "alignment.enabled": "--no-align",
    "decoding.temperatures": "--temperature with --temperature-increment",
}
"""The option of each of the contract's fields."""
WARMEST = 1.0
"""The last temperature that --temperature-increment leads to, as in whisper's own command."""


def recipe_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of all groups."""
    for title, options in (("speech", SPEECH), ("which sound of a file", AUDIO), ("search for words", SEARCH)):
        group = parser.add_argument_group(title)
        _add(group, Recipe, options)
    group.add_argument("--temperature", type=float, default=0.0, metavar="T", help="of the first look; default: %(default)s")
    group.add_argument(
        "--temperature-increment",
        type=float,
        default=0.2,
        metavar="T",
        help="doubted text is decoded again at temperatures that rise by this, up to 1; 0: never again; default: %(default)s",
    )
    _add(parser.add_argument_group("voice activity detection"), Recipe, VAD)
    group = parser.add_argument_group("word times")
    group.add_argument("--no-align", action="store_true", help="no word times")
    _add(group, Recipe, WORDS)
    _add(parser.add_argument_group("speakers"), Recipe, SPEAKERS)
    _add(parser.add_argument_group("subtitles"), Subtitles, SUBTITLES)


def recipe_of(arguments: argparse.Namespace) -> Recipe:
    """What was asked for. Raises ValueError in words of the command line."""
    fields = _given(arguments, RECIPE)
    if (arguments.temperature, arguments.temperature_increment) != (0.0, 0.2):
        fields.setdefault("decoding", {})["temperatures"] = temperatures(arguments.temperature, arguments.temperature_increment)
    if arguments.no_align:
        fields.setdefault("alignment", {})["enabled"] = False
    recipe = _validated(Recipe, fields)
    if contradictions := list(_contradictions(recipe)):
        raise ValueError("; ".join(contradictions))
    return recipe


def subtitles_of(arguments: argparse.Namespace) -> Subtitles:
    """How cues are to be cut. Raises ValueError in words of the command line."""
    return _validated(Subtitles, _given(arguments, SUBTITLES))


def temperatures(first: float, increment: float) -> list[float]:
    """The first look's temperature, then those of further looks, up to 1. Raises ValueError for more than 8."""
    if increment < 0:
        raise ValueError(f"--temperature-increment must not be negative: {increment}")
    steps = int((WARMEST - first) / increment + 1e-6) if increment and first < WARMEST else 0
    if steps > 7:
        raise ValueError(f"--temperature-increment {increment} makes {steps + 1} temperatures; at most 8 are tried")
    return [round(first + step * increment, 6) for step in range(steps + 1)]


def in_words_of_options(message: str) -> str:
    """A message with the command line's options in place of the contract's fields; words alone are no fields."""
    return loading.in_words_of_options(message, {field: flag for field, flag in FLAGS.items() if "." in field})


def _add(group: Any, model: type[BaseModel], options: Sequence[Option]) -> None:
    for option in options:
        field = field_at(model, option.path)
        words = option.help or in_words_of_options(field.description or "")
        special = {"language": language_code, "language_detection.candidates": languages}.get(option.path)
        group.add_argument(option.flag, dest=_destination(option), **argument(field, words, option.metavar, special))


def _given(arguments: argparse.Namespace, options: Sequence[Option]) -> dict[str, Any]:
    """Nested fields of the options that were given."""
    fields: dict[str, Any] = {}
    for option in options:
        value = getattr(arguments, _destination(option))
        if value is not None:
            if option.path.endswith(".model"):
                value = model_name(value)
            *groups, name = option.path.split(".")
            owner = reduce(lambda owner, group: owner.setdefault(group, {}), groups, fields)
            owner[name] = value
    return fields


def _destination(option: Option) -> str:
    return option.flag[2:].replace("-", "_")


def _validated(model: type[Kind], fields: dict[str, Any]) -> Kind:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise ValueError("; ".join(_told(fault["loc"], fault["msg"]) for fault in error.errors())) from None


def _told(location: tuple[int | str, ...], message: str) -> str:
    """A fault that pydantic finds, by the option that it is in."""
    name = ".".join(part for part in location if isinstance(part, str))
    known = FLAGS.get(name) or next((option.flag for option in (*RECIPE, *SUBTITLES) if option.path == name), name)
    return f"{known}: {message[:1].lower()}{message[1:]}"


def _contradictions(recipe: Recipe) -> Iterator[str]:
    """What the API server refuses by rules of the CRD, which pydantic does not know."""
    if recipe.vad.offset > recipe.vad.onset:
        yield f"--vad-offset {recipe.vad.offset} must not be greater than --vad-onset {recipe.vad.onset}"
    low, high = recipe.diarization.min_speakers, recipe.diarization.max_speakers
    if low is not None and high is not None and low > high:
        yield f"--min-speakers {low} must not be greater than --max-speakers {high}"
    if recipe.alignment.model and recipe.alignment.method is AlignmentMethod.ATTENTION:
        yield "--align-model names a CTC aligner, which --align-method attention does not use: give only one of them"
    if recipe.alignment.characters and recipe.alignment.method is AlignmentMethod.ATTENTION:
        yield "--characters come from a CTC aligner, which --align-method attention does not use: give only one of them"
    aligned = recipe.alignment
    if not aligned.enabled and (aligned.method is not AlignmentMethod.AUTO or aligned.characters or aligned.model):
        yield "--align-method, --align-model and --characters need alignment: leave out --no-align"
    if recipe.audio.channel_names and recipe.audio.channels is not Channels.SPLIT:
        yield "--channel-names needs --channels split: mixed channels cannot be told apart"
    asks = recipe.diarization
    if not asks.enabled and (asks.min_speakers or asks.max_speakers or asks.model or asks.embeddings):
        yield "--min-speakers, --max-speakers, --diarize-model and --speaker-embeddings need --diarize"
