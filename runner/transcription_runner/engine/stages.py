"""The stages with their loaded models, each from a list of items to a list of answers, and how long each has worked."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from transcription_api.runner_config import Recipe
from transcription_runner.engine.align import Aligner, Spoken
from transcription_runner.engine.audio import Audio
from transcription_runner.engine.batch_size import BatchSize
from transcription_runner.engine.decode import DecodeBounds, Decoder
from transcription_runner.engine.diarize import Diarizer, Turn
from transcription_runner.engine.in_flight import InFlight
from transcription_runner.engine.recognise import Heard, Recogniser
from transcription_runner.engine.transcript import Piece, aligns
from transcription_runner.engine.vad import Chunk, SpeechFinder
from transcription_runner.engine.work import Work


class Stages:
    """Everything that is loaded once and used for all files."""

    def __init__(self, recipe: Recipe, device: str, threads: int, scratch: Path, longest_seconds: float) -> None:
        """Load the models, start the decoder. Raises ConfigurationError when a model is missing or the device cannot run it."""
        import torch

        torch.set_num_threads(max(1, threads // 2))
        self.recipe = recipe
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._counting = Lock()
        with self._timed("load"):
            self.recogniser = Recogniser(recipe, device, threads)
            self.batch_size = BatchSize(recipe.model.batch_size, self.recogniser.fitting_batch())
            self.finder = SpeechFinder(recipe.vad, device, threads)
            self.aligner = Aligner(recipe.alignment, device) if aligns(recipe) else None
            self.diarizer = Diarizer(recipe.diarization, device) if recipe.diarization.enabled else None
        self.decoder = Decoder(scratch, DecodeBounds(longest_seconds), children=1 if threads <= 2 else 2)

    def in_flight(self, work: Work, audio: Audio, busy_seconds: float) -> InFlight:
        """A decoded file on its way."""
        return InFlight(work, audio, self.recipe.language, None if self.diarizer else (), busy_seconds=busy_seconds)

    def decode(self, path: Path) -> Audio:
        """The file's sound. Raises FileError."""
        with self._timed("decode"):
            return self.decoder.decode(path).channels[0]

    def find_speech(self, files: Sequence[InFlight]) -> list[list[Chunk]]:
        """The chunks of speech of each file."""
        with self._timed("find speech"):
            return self.finder.find([file.audio for file in files])

    def recognise(self, parts: Sequence[tuple[InFlight, Chunk]]) -> list[Heard]:
        """What is said in each chunk."""
        with self._timed("recognise"):
            return self.recogniser.recognise([file.window(chunk) for file, chunk in parts])

    def align(self, recognised: Sequence[tuple[InFlight, Chunk, Heard]]) -> list[Piece]:
        """Each chunk with the times of its words, where words get times."""
        pieces = [Piece(chunk, heard) for _, chunk, heard in recognised]
        if self.aligner is None:
            return pieces
        with self._timed("align"):
            spoken = [(index, piece) for index, piece in enumerate(pieces) if piece.text]
            answers = self.aligner.align([self._spoken(recognised[index][0], piece) for index, piece in spoken])
            for (index, piece), answer in zip(spoken, answers, strict=True):
                pieces[index] = Piece(piece.chunk, piece.heard, answer)
        return pieces

    def diarize(self, files: Sequence[InFlight]) -> list[list[Turn]]:
        """Who speaks when in each file."""
        assert self.diarizer is not None
        with self._timed("diarize"):
            return [self.diarizer.turns(file.audio) for file in files]

    @staticmethod
    def _spoken(file: InFlight, piece: Piece) -> Spoken:
        chunk, heard = piece.chunk, piece.heard
        sound = file.audio.cut(chunk.start, chunk.end)
        return Spoken(chunk.start, chunk.end, piece.text, heard.avg_logprob, heard.language.code, sound)

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            with self._counting:
                self.seconds[stage] += time.monotonic() - began
