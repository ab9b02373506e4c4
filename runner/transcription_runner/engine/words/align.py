"""Forced alignment: word times for recognised text, many chunks at once. What cannot be aligned keeps its text and its times."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

from transcription_api.speech import Alignment
from transcription_api.transcript import Character, Segment, Word
from transcription_runner.engine.cuda import SideStream
from transcription_runner.engine.faults import device_faults
from transcription_runner.engine.words.align_models import AlignModel, AlignModels
from transcription_runner.engine.words.alphabet import words_in
from transcription_runner.engine.words.emissions import Emission, Sound
from transcription_runner.engine.words.estimates import sentence, unplaced
from transcription_runner.engine.words.sentences import sentence_spans
from transcription_runner.engine.words.trellis import compiled

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Spoken:
    """A recognised chunk: its times in the file (seconds), what is said in it, and its sound (float32 at 16 kHz, shape (n,))."""

    start: float
    end: float
    text: str
    avg_logprob: float
    language: str
    samples: Sound
    alignment: Alignment = field(default_factory=Alignment)
    """What is asked: a model by name, times of characters."""


@dataclass(frozen=True)
class Aligned:
    """A chunk's segments, about a sentence each. Without status "aligned" the text stands with estimated times, or none."""

    segments: list[Segment]
    status: Literal["aligned", "no-model", "failed"]
    model: str | None = None
    message: str | None = None
    method: Literal["ctc", "attention"] | None = None


class Aligner:
    """Aligns chunks of any files and languages. Not for several threads at once."""

    def __init__(self, device: str) -> None:
        """Models are loaded when they are first needed."""
        self._models = AlignModels(device)
        self._stream = SideStream(device)

    def prepare(self, alignment: Alignment) -> None:
        """Raises ConfigurationError (ModelNotFound) when a model is named and missing."""
        if alignment.model:
            self._models.named(alignment.model)

    def knows(self, language: str, alignment: Alignment) -> bool:
        """Whether the words of a language can be aligned: a model is named, or the language has one."""
        return bool(alignment.model) or self._models.knows(language)

    def align(self, spoken: Sequence[Spoken]) -> list[Aligned]:
        """An answer for each chunk, in order. No text makes it raise, and none is lost; a dead device raises DeviceError."""
        with device_faults(), self._stream():
            return self._align(spoken)

    def _align(self, spoken: Sequence[Spoken]) -> list[Aligned]:
        answers: dict[int, Aligned] = {}
        by_model: dict[str, tuple[AlignModel, list[int]]] = {}
        for place, chunk in enumerate(spoken):
            named = chunk.alignment.model
            model = self._models.named(named) if named else self._models.of(chunk.language)
            if isinstance(model, str):
                answers[place] = Aligned([_untimed(chunk)], "no-model", message=model)
            else:
                by_model.setdefault(model.name, (model, []))[1].append(place)
        for model, places in by_model.values():
            for index, emission in model.emitter.emissions([spoken[place].samples for place in places]):
                answers[places[index]] = _answer(spoken[places[index]], emission, model)
        return [answers[place] for place in range(len(spoken))]


def _answer(chunk: Spoken, emission: Emission | Exception, model: AlignModel) -> Aligned:
    try:
        if isinstance(emission, Exception):
            raise emission
        return Aligned(_placed(chunk, emission, model), "aligned", model.name, method="ctc")
    except Exception as error:  # whatever goes wrong inside, the text must not be lost with it
        log.warning("alignment of %.1f-%.1f s failed: %s", chunk.start, chunk.end, error)
        estimate = unplaced(chunk.start, chunk.end, chunk.text.strip(), chunk.language, chunk.avg_logprob)
        return Aligned([estimate], "failed", model.name, str(error), "ctc")


def _placed(chunk: Spoken, emission: Emission, model: AlignModel) -> list[Segment]:
    """Raises ValueError when the sound is too short for the text."""
    text = chunk.text.strip()
    found = words_in(text, chunk.language)
    if not found:
        return []
    tokens, begins = model.alphabet.tokens([match.group() for match in found], chunk.language)
    entered, probability = compiled()(model.alphabet.with_wildcard(emission, tokens), tokens, model.alphabet.blank)
    if not len(entered):
        raise ValueError(f"{len(emission)} frames of sound are too few for {len(tokens)} characters")
    times = chunk.start + entered * ((chunk.end - chunk.start) / len(emission))
    words, measured = [], []
    for match, first in zip(found, begins, strict=True):
        last = first + len(match.group())
        words.append(_word(match.group(), times[[first, last]], probability[first:last]))
        measured.append(model.alphabet.knows(match.group()))
    segments = []
    for begin, end in sentence_spans(text, chunk.language):
        inside = [place for place, match in enumerate(found) if begin <= match.start() < end]
        if inside:
            parts = [words[place] for place in inside], [measured[place] for place in inside]
            segment = sentence(text[begin:end].strip(), *parts, (chunk.start, chunk.end), chunk.avg_logprob)
            if chunk.alignment.characters:
                placed = {found[place].start(): begins[place] for place in inside}
                characters = _characters(text, (begin, end), placed, times, probability)
                segment = segment.model_copy(update={"chars": characters})
            segments.append(segment)
    return segments


def _characters(
    text: str, span: tuple[int, int], begins: dict[int, int], times: NDArray[Any], probability: NDArray[Any]
) -> list[Character]:
    """Every character of the sentence `span`. `begins`: for a word's place in the text, the place of its first token."""
    characters, token = [], None
    for place in range(*span):
        token = None if text[place].isspace() else begins.get(place, token if token is None else token + 1)
        if token is None:
            characters.append(Character(char=text[place]))
            continue
        start, end = times[[token, token + 1]].round(3).tolist()
        characters.append(Character(char=text[place], start=start, end=end, score=round(float(probability[token]), 3)))
    return characters


def _word(text: str, times: NDArray, probability: NDArray) -> Word:  # type: ignore[type-arg]
    start, end = times.round(3).tolist()
    return Word(word=text, start=start, end=end, score=round(float(probability.mean()), 3))


def _untimed(chunk: Spoken) -> Segment:
    return Segment(start=chunk.start, end=chunk.end, text=chunk.text.strip(), avg_logprob=chunk.avg_logprob)
