"""Voice activity detection: which stretches of the audio are speech, merged into chunks that fit Whisper's window."""

from dataclasses import dataclass
from typing import Any

from transcription_api.speech import Vad
from transcription_runner.engine.audio import SAMPLE_RATE, Audio

SHORTEST_SECONDS = 0.1
"""Below this there is not one frame for the detectors to judge."""


@dataclass(frozen=True)
class Chunk:
    """A stretch of speech, seconds from the start of the audio; at most `chunk_size` seconds long."""

    start: float
    end: float


def find_speech(detector: Any, audio: Audio, settings: Vad) -> list[Chunk]:
    """Chunks in order of time; empty for silence. `detector` is a whisperx Vad: Pyannote, or SileroVad below."""
    if audio.seconds < SHORTEST_SECONDS:
        return []
    waveform = detector.preprocess_audio(audio.samples)
    found = detector({"waveform": waveform, "sample_rate": SAMPLE_RATE})
    merged = detector.merge_chunks(found, settings.chunk_size, onset=settings.onset, offset=settings.offset)
    chunks = (Chunk(max(0.0, round(chunk["start"], 3)), min(audio.seconds, round(chunk["end"], 3))) for chunk in merged)
    return [chunk for chunk in chunks if chunk.end > chunk.start]


def silero(settings: Vad) -> Any:
    """The silero detector that faster-whisper carries in its package, as a whisperx Vad.

    whisperx's own loads silero through torch.hub, which needs the internet. Pauses are silero's defaults, as there.
    """
    from faster_whisper.vad import VadOptions, get_speech_timestamps
    from whisperx.diarize import Segment
    from whisperx.vads import Vad as WhisperxVad

    options = VadOptions(
        threshold=settings.onset,
        neg_threshold=settings.offset,
        min_speech_duration_ms=250,
        max_speech_duration_s=float(settings.chunk_size),
        min_silence_duration_ms=100,
        speech_pad_ms=30,
    )

    class SileroVad(WhisperxVad):  # type: ignore[misc]
        def __call__(self, audio: dict[str, Any], **_: Any) -> list[Any]:
            turns = get_speech_timestamps(audio["waveform"], options, sampling_rate=audio["sample_rate"])
            return [Segment(turn["start"] / SAMPLE_RATE, turn["end"] / SAMPLE_RATE, "UNKNOWN") for turn in turns]

        @staticmethod
        def preprocess_audio(audio: Any) -> Any:
            return audio

        @staticmethod
        def merge_chunks(segments: list[Any], chunk_size: int, onset: float, offset: float | None) -> list[dict[str, Any]]:
            return WhisperxVad.merge_chunks(segments, chunk_size, onset, offset) if segments else []

    return SileroVad(settings.onset)
