"""Speech to text with WhisperX, for many sounds at once: `Engine` keeps a model loaded, `transcribe` does a list and ends.

    from transcription_runner import transcribe

    for result in transcribe(["call.wav", "talk.mp3"], model="large-v2"):
        for segment in result.transcript.segments:
            print(segment.start, segment.end, segment.text)

Sound is a path, the bytes of a media file, or samples (float32, 16 kHz). Times are seconds. A sound that cannot be transcribed
has `result.fault`, a FileError; what concerns all sounds raises ConfigurationError or DeviceError.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from transcription_api.runner_config import Recipe
from transcription_runner.engine.work import Lane, Result, SoundSource, Work
from transcription_runner.errors import ConfigurationError, DeviceError, FileError, TranscriptionError

if TYPE_CHECKING:
    from transcription_runner.engine.engine import Engine

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


def transcribe(
    works: Iterable[Work | SoundSource], model: str = "large-v2", device: str | None = None, **engine: Any
) -> Iterator[Result]:
    """A result for each sound, as soon as it is done: load the model, transcribe, close. See Engine for the arguments."""
    from transcription_runner.engine.engine import Engine

    with Engine(model, device, **engine) as loaded:
        yield from loaded.transcribe(works)


def __getattr__(name: str) -> Any:
    """`Engine` is imported when it is asked for: the commands that need no model start without numpy."""
    if name == "Engine":
        from transcription_runner.engine.engine import Engine

        return Engine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
