"""Who spoke when: pyannote's pipeline through whisperx, and speakers given to segments and words."""

from typing import Any

from transcription_api.speech import Diarization
from transcription_api.transcript import Segment
from transcription_runner.engine.audio import Audio
from transcription_runner.engine.models import located, not_found

DEFAULT_MODEL = "pyannote/speaker-diarization-community-1"


class Diarizer:
    """One loaded diarization pipeline."""

    def __init__(self, settings: Diarization, device: str) -> None:
        """Raises ConfigurationError (ModelNotFound) when the pipeline cannot be loaded."""
        from whisperx.diarize import DiarizationPipeline

        self._settings = settings
        name = settings.model or DEFAULT_MODEL
        try:
            self._pipeline = DiarizationPipeline(model_name=located(name, "config.yaml"), device=device)
        except Exception as error:
            raise not_found("diarization pipeline", name, error) from error

    def attribute(self, segments: list[Segment], audio: Audio) -> list[Segment]:
        """The segments with speakers, for themselves and for their words."""
        from whisperx.diarize import assign_word_speakers

        turns = self._pipeline(audio.samples, min_speakers=self._settings.min_speakers, max_speakers=self._settings.max_speakers)
        raw: dict[str, Any] = {"segments": [segment.model_dump(exclude_none=True) for segment in segments]}
        return [Segment.model_validate(segment) for segment in assign_word_speakers(turns, raw)["segments"]]
