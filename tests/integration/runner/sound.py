"""Media files as users bring them, good and bad."""

import struct
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.training.espeak import SAMPLE_RATE, speak
from transcription_runner.engine.audio import Audio

Samples = NDArray[np.float32]


def said(text: str, voice: str = "en-us+f2", around: float = 0.5) -> Samples:
    """The text said once, 16 kHz mono, with `around` seconds of silence on both sides."""
    pad = np.zeros(int(around * SAMPLE_RATE), np.float32)
    return np.concatenate([pad, speak(text, voice=voice, speed=150).audio, pad])


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * SAMPLE_RATE), np.float32)


def audio_of(samples: Samples) -> Audio:
    """The samples as the engine holds sound."""
    return Audio((np.clip(samples, -1, 1) * 32767).astype(np.int16))


def wav(samples: Samples) -> bytes:
    """A plain 16-bit WAV file."""
    data = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, SAMPLE_RATE, 2 * SAMPLE_RATE, 2, 16)
    return (
        b"RIFF"
        + struct.pack("<I", 4 + len(form) + 8 + len(data))
        + b"WAVE"
        + form
        + b"data"
        + struct.pack("<I", len(data))
        + data
    )


def encoded(samples: Samples, suffix: str, *options: str) -> bytes:
    """The samples in the container that `suffix` names, with more options for ffmpeg."""
    with tempfile.TemporaryDirectory() as folder:
        plain, target = Path(folder, "plain.wav"), Path(folder, f"encoded{suffix}")
        plain.write_bytes(wav(samples))
        subprocess.run(["ffmpeg", "-v", "error", "-i", str(plain), *options, str(target)], check=True, stdin=subprocess.DEVNULL)
        return target.read_bytes()


def video_without_sound() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "mute.mp4")
        picture = ["-f", "lavfi", "-i", "testsrc=duration=1:size=64x64:rate=5"]
        subprocess.run(["ffmpeg", "-v", "error", *picture, str(target)], check=True, stdin=subprocess.DEVNULL)
        return target.read_bytes()
