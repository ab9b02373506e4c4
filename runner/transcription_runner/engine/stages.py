"""The stages with their loaded models, each from a list of items to a list of answers, and how long each has worked."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from transcription_api.runner_config import Recipe, ResolvedModel
from transcription_api.speech import AlignmentMethod
from transcription_runner.engine.audio import Sound
from transcription_runner.engine.batch_size import BatchSize
from transcription_runner.engine.decoding.decode import DecodeBounds, Decoder
from transcription_runner.engine.decoding.wanted import Wanted
from transcription_runner.engine.detection.vad import Chunk, SpeechFinder
from transcription_runner.engine.in_flight import InFlight
from transcription_runner.engine.recognition.asked import FULL_FRAMES, Asked
from transcription_runner.engine.recognition.recognise import Heard, Recogniser
from transcription_runner.engine.transcript import Part, Placed, aligns
from transcription_runner.engine.voices.diarize import Diarizer, Voices
from transcription_runner.engine.words.align import Aligned, Aligner, Spoken
from transcription_runner.engine.words.segmenting import segments_from_words
from transcription_runner.engine.work import Work

MOST_REMEMBERED = 256
"""Recipes that are kept worked out."""


class Stages:
    """Everything that is loaded once and used for all works. What not every recipe needs is loaded when one first does."""

    def __init__(
        self, model: ResolvedModel, device: str, scratch: Path, longest_seconds: float, threads: int, device_index: int = 0
    ) -> None:
        """Load the model, start the decoder. Raises ConfigurationError when a model is missing or the device cannot run it."""
        self.model = model.name
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._counting = Lock()
        place = device if device == "cpu" else f"{device}:{device_index}"
        with self._timed("load"):
            self.recogniser = Recogniser(model, device, threads, device_index)
            self.finder = SpeechFinder(place, threads)
            self.aligner = Aligner(place)
            self.diarizer = Diarizer(place)
            self.batch_size = BatchSize(model.batch_size, self.recogniser.fitting_batch())
        self._asked: dict[str, Asked] = {}
        self.decoder = Decoder(scratch, DecodeBounds(longest_seconds), children=2 if threads <= 2 else 3)

    def asked(self, recipe: Recipe) -> Asked:
        """What the recipe asks, and every model that it names is there. Raises ConfigurationError for what cannot be done."""
        name = recipe.model_dump_json()
        if known := self._asked.get(name):
            return known
        asked = self.recogniser.asked(recipe, lambda language: self._by_attention(recipe, language))
        if aligns(recipe) and recipe.alignment.method is not AlignmentMethod.ATTENTION:
            self.aligner.prepare(recipe.alignment)
        if recipe.diarization.enabled:
            self.diarizer.prepare(recipe.diarization)
        while len(self._asked) >= MOST_REMEMBERED:
            self._asked.pop(next(iter(self._asked)), None)
        self._asked[name] = asked
        return asked

    def decode(self, work: Work) -> Sound:
        """The work's sound. Raises FileError."""
        audio = work.recipe.audio
        source = Path(work.sound) if isinstance(work.sound, str) else work.sound
        with self._timed("decode"):
            return self.decoder.decode(source, Wanted(audio.channels == "split", audio.track))

    def find_speech(self, files: Sequence[InFlight]) -> list[list[list[Chunk]]]:
        """The chunks of speech of each channel of each file."""
        with self._timed("find speech"):
            searched = [(audio, file.recipe.vad) for file in files if not _is_chunk(file) for audio in file.channels]
            found = iter(self.finder.find(searched))
            return [
                [[Chunk(0.0, audio.seconds)] if _is_chunk(file) else next(found) for audio in file.channels] for file in files
            ]

    def recognise(self, parts: Sequence[tuple[InFlight, Part]]) -> list[Heard]:
        """What is said in each part."""
        with self._timed("recognise"):
            return self.recogniser.recognise([file.window(part) for file, part in parts])

    def look_again(self, parts: Sequence[tuple[InFlight, Part, Heard]]) -> list[Heard]:
        """Better answers for parts whose text is doubted, where there are any."""
        with self._timed("recognise again"):
            windows = [file.window(part) for file, part, _ in parts]
            return self.recogniser.look_again(windows, [heard for _, _, heard in parts])

    def align(self, recognised: Sequence[tuple[InFlight, Part, Heard]]) -> list[Placed]:
        """Each part with the times of its words, where words get times."""
        placed = [Placed(part, heard) for _, part, heard in recognised]
        with self._timed("align"):
            to_align: list[int] = []
            for index, ((file, _, _), one) in enumerate(zip(recognised, placed, strict=True)):
                if not one.text or not aligns(file.recipe):
                    continue
                if one.heard.words is not None:
                    placed[index] = Placed(one.part, one.heard, by_attention(one))
                elif file.recipe.alignment.method is not AlignmentMethod.ATTENTION:
                    to_align.append(index)
            spoken = [_spoken(recognised[index][0], placed[index]) for index in to_align]
            for index, answer in zip(to_align, self.aligner.align(spoken), strict=True):
                placed[index] = Placed(placed[index].part, placed[index].heard, answer)
        return placed

    def diarize(self, files: Sequence[InFlight]) -> list[Voices]:
        """Who speaks when in each file."""
        with self._timed("diarize"):
            return [self.diarizer.heard(file.channels[0], file.recipe.diarization) for file in files]

    def _by_attention(self, recipe: Recipe, language: str) -> bool:
        alignment = recipe.alignment
        if not aligns(recipe) or alignment.method is AlignmentMethod.CTC:
            return False
        return alignment.method is AlignmentMethod.ATTENTION or not self.aligner.knows(language, alignment)

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            with self._counting:
                self.seconds[stage] += time.monotonic() - began


def _is_chunk(file: InFlight) -> bool:
    """Whether it is known to be one stretch of speech, and fits the recogniser's window."""
    return file.work.is_speech and file.seconds * 100 <= FULL_FRAMES


def by_attention(one: Placed) -> Aligned:
    """The part's segments by the word times that the recogniser's attention gave."""
    chunk, heard = one.part.chunk, one.heard
    assert heard.words is not None
    segments = segments_from_words(one.text, heard.words, heard.language.code, (chunk.start, chunk.end), heard.avg_logprob)
    return Aligned(segments, "aligned", method="attention")


def _spoken(file: InFlight, one: Placed) -> Spoken:
    chunk, heard = one.part.chunk, one.heard
    sound = file.channels[one.part.channel].cut(chunk.start, chunk.end)
    return Spoken(chunk.start, chunk.end, one.text, heard.avg_logprob, heard.language.code, sound, file.recipe.alignment)
