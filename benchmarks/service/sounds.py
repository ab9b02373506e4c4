"""What clients send, natural English speech all of it: short files, sentences of 5 s, and a recording of two hours."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from itertools import cycle
from pathlib import Path

import soundfile

from ..runner import natural

TWO_HOURS = 7200.0


@dataclass(frozen=True)
class Sound:
    """A WAV file of so many seconds, and the words said in it."""

    name: str
    content: bytes
    seconds: float
    text: str


def short() -> list[Sound]:
    """Files of 3 to 20 s."""
    return [Sound(file.path.name, file.path.read_bytes(), file.seconds, file.text) for file in natural.short()]


def five_seconds() -> list[Sound]:
    """Single sentences, each of exactly 5 s."""
    return [
        Sound(f"sentence-{number:02}.wav", _wav(samples), len(samples) / natural.SAMPLE_RATE, text)
        for number, (samples, text) in enumerate(natural.five_seconds())
    ]


def two_hours(folder: Path) -> Path:
    """Conversations, over and over, as a file of 230 MB in `folder`."""
    path, seconds = folder / "two-hours.wav", 0.0
    with soundfile.SoundFile(path, "w", samplerate=natural.SAMPLE_RATE, channels=1, subtype="PCM_16") as file:
        for conversation in cycle(natural.long()):
            if seconds >= TWO_HOURS:
                break
            file.write(soundfile.read(conversation.path, dtype="int16")[0])
            seconds += conversation.seconds
    return path


def _wav(samples: natural.Sound) -> bytes:
    content = BytesIO()
    soundfile.write(content, samples, natural.SAMPLE_RATE, format="WAV", subtype="PCM_16")
    return content.getvalue()
