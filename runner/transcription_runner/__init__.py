"""Speech to text with WhisperX, for many sounds at once: `Engine` keeps a model loaded, `transcribe` does a list and ends.

    from transcription_runner import transcribe

    for result in transcribe(["call.wav", "talk.mp3"], model="large-v2"):
        for segment in result.transcript.segments:
            print(segment.start, segment.end, segment.text)

Sound is a path, the bytes of a media file, or samples (float32, 16 kHz). Times are seconds. A sound that cannot be transcribed
has `result.fault`, a FileError; what concerns all sounds raises ConfigurationError or DeviceError.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transcription_api.runner_config import Recipe
    from transcription_runner.engine.engine import Engine, transcribe
    from transcription_runner.engine.work import Lane, Result, Work
    from transcription_runner.errors import ConfigurationError, DeviceError, FileError, TranscriptionError

__all__ = [
    "ConfigurationError",
    "DeviceError",
    "Engine",
    "FileError",
    "Lane",
    "Recipe",
    "Result",
    "TranscriptionError",
    "Work",
    "transcribe",
]

_HOMES = {
    "transcription_api.runner_config": ("Recipe",),
    "transcription_runner.engine.engine": ("Engine", "transcribe"),
    "transcription_runner.engine.work": ("Lane", "Result", "Work"),
    "transcription_runner.errors": ("ConfigurationError", "DeviceError", "FileError", "TranscriptionError"),
}


def __getattr__(name: str) -> Any:
    """Names are imported when they are asked for: the decoding process and the commands do without most of them."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
