"""Who spoke when: a pyannote diarization pipeline, from a local folder or from the hub, and the turns that it hears."""

from typing import Any

import numpy as np

from transcription_api.speech import Diarization
from transcription_runner.engine.audio import SAMPLE_RATE, Audio
from transcription_runner.engine.cuda import SideStream
from transcription_runner.engine.faults import device_faults
from transcription_runner.engine.speakers import Turn
from transcription_runner.errors import ConfigurationError
from transcription_runner.models.folders import located, not_found

__all__ = ["DEFAULT_MODEL", "Diarizer", "Turn"]

DEFAULT_MODEL = "pyannote/speaker-diarization-community-1"


class Diarizer:
    """One loaded diarization pipeline."""

    def __init__(self, settings: Diarization, device: str) -> None:
        """Load the pipeline that `settings.model` names: a folder with config.yaml, or a hub name (HF_TOKEN opens gated ones).

        Raises ConfigurationError (ModelNotFound) when it cannot be loaded.
        """
        import torch
        from pyannote.audio import Pipeline
        from pyannote.audio.pipelines import SpeakerDiarization

        from transcription_runner.engine.diarize_windows import run_in_windows

        self._settings = settings
        name = settings.model or DEFAULT_MODEL
        place = located(name, "config.yaml")
        try:
            pipeline: Any = Pipeline.from_pretrained(place)
        except Exception as error:
            raise not_found("diarization pipeline", name, error) from error
        if not isinstance(pipeline, SpeakerDiarization):
            raise ConfigurationError("ModelNotFound", f"{place} holds a {type(pipeline).__name__}, not a diarization pipeline")
        pipeline.legacy = False
        pipeline.to(torch.device(device))
        self._pipeline: Any = pipeline
        self._in_windows = run_in_windows(pipeline)
        self._stream = SideStream(device)

    def turns(self, audio: Audio) -> list[Turn]:
        """Who speaks when: turns in order of time that do not overlap; where two speak at once, the surer one's.

        Raises DeviceError; a lack of memory only where a single window does not fit.
        """
        import torch

        if not len(audio.pcm):
            return []
        sound = torch.from_numpy(np.asarray(audio.pcm) if self._in_windows else audio.samples)[None]
        with device_faults(), self._stream():
            heard = self._pipeline(
                {"waveform": sound, "sample_rate": SAMPLE_RATE, "uri": "sound"},
                min_speakers=self._settings.min_speakers,
                max_speakers=self._settings.max_speakers,
            ).exclusive_speaker_diarization
        turns: list[Turn] = []
        end = 0.0
        for segment, _, speaker in heard.itertracks(yield_label=True):
            start, end = max(segment.start, end), min(max(segment.end, end), audio.seconds)
            if start < end:
                turns.append(Turn(float(start), float(end), str(speaker)))
        return turns
