"""Who spoke when: a pyannote diarization pipeline, from a local folder or from the hub, and the turns that it hears."""

import contextlib
import io
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np

from transcription_api.speech import Diarization
from transcription_runner.engine.audio import SAMPLE_RATE, Audio
from transcription_runner.engine.cuda import SideStream
from transcription_runner.engine.faults import device_faults
from transcription_runner.engine.voices.speakers import Turn
from transcription_runner.errors import ConfigurationError
from transcription_runner.models.folders import located, not_found

__all__ = ["DEFAULT_MODEL", "Diarizer", "Turn", "Voices"]

DEFAULT_MODEL = "pyannote/speaker-diarization-community-1"


MOST_LOADED = 2
"""Pipelines kept in memory."""


@dataclass(frozen=True)
class Voices:
    """Who speaks when, and how: turns in order of time that do not overlap, and a vector for each speaker's voice."""

    turns: list[Turn]
    embeddings: dict[str, list[float]] = field(default_factory=dict)


class Diarizer:
    """Diarization pipelines by name, loaded when first needed."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._loaded: dict[str, Pipeline] = {}
        self._lock = Lock()

    def prepare(self, settings: Diarization) -> None:
        """Load the pipeline that the settings name. Raises ConfigurationError (ModelNotFound) when it cannot be loaded."""
        self._pipeline(settings.model or DEFAULT_MODEL)

    def heard(self, audio: Audio, settings: Diarization) -> Voices:
        """Who speaks when; where two speak at once, the surer one's turn.

        Raises DeviceError; a lack of memory only where a single window does not fit.
        """
        if not len(audio.pcm):
            return Voices([])
        return self._pipeline(settings.model or DEFAULT_MODEL).heard(audio, settings)

    def _pipeline(self, name: str) -> "Pipeline":
        with self._lock:
            if name not in self._loaded:
                while len(self._loaded) >= MOST_LOADED:
                    self._loaded.pop(next(iter(self._loaded)))
                self._loaded[name] = Pipeline(name, self._device)
            return self._loaded[name]


class Pipeline:
    """One loaded diarization pipeline."""

    def __init__(self, name: str, device: str) -> None:
        """Load the pipeline `name`: a folder with config.yaml, or a hub name (HF_TOKEN opens gated ones).

        Raises ConfigurationError: ModelNotFound when it cannot be loaded, ModelNotAllowed when it may not be.
        """
        import torch
        from pyannote.audio import Pipeline as AnyPipeline
        from pyannote.audio.pipelines import SpeakerDiarization

        from transcription_runner.engine.voices.diarize_windows import run_in_windows

        place = located(name, "config.yaml", pickled=True)
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # pyannote prints advice there; the error below says it
                pipeline: Any = AnyPipeline.from_pretrained(place)
        except Exception as error:
            raise not_found("diarization pipeline", name, error) from error
        if not isinstance(pipeline, SpeakerDiarization):
            raise ConfigurationError("ModelNotFound", f"{place} holds a {type(pipeline).__name__}, not a diarization pipeline")
        pipeline.legacy = False
        pipeline.to(torch.device(device))
        self._pipeline: Any = pipeline
        self._in_windows = run_in_windows(pipeline)
        self._stream = SideStream(device)

    def heard(self, audio: Audio, settings: Diarization) -> Voices:
        """See Diarizer."""
        import torch

        sound = torch.from_numpy(np.asarray(audio.pcm) if self._in_windows else audio.samples)[None]
        with device_faults(), self._stream():
            answer = self._pipeline(
                {"waveform": sound, "sample_rate": SAMPLE_RATE, "uri": "sound"},
                min_speakers=settings.min_speakers,
                max_speakers=settings.max_speakers,
            )
        turns: list[Turn] = []
        end = 0.0
        for segment, _, speaker in answer.exclusive_speaker_diarization.itertracks(yield_label=True):
            start, end = max(segment.start, end), min(max(segment.end, end), audio.seconds)
            if start < end:
                turns.append(Turn(float(start), float(end), str(speaker)))
        return Voices(turns, _embeddings(answer) if settings.embeddings else {})


def _embeddings(answer: Any) -> dict[str, list[float]]:
    """A vector for each speaker; pyannote gives them in the order of its labels, and none for a silent recording."""
    if answer.speaker_embeddings is None:
        return {}
    labels = answer.speaker_diarization.labels()
    vectors = zip(labels, answer.speaker_embeddings, strict=False)
    return {str(label): [round(float(number), 5) for number in vector] for label, vector in vectors}
