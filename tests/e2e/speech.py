"""Audio files as users bring them, of speech whose words are known."""

import subprocess
import tempfile
from pathlib import Path
from typing import Any, TypedDict

import jiwer
import numpy as np
import soundfile

from models.training.espeak import SAMPLE_RATE, speak


class Voice(TypedDict):
    """One of espeak-ng's, and its words a minute."""

    voice: str
    speed: int


ENGLISH: Voice = {"voice": "en-us+f2", "speed": 150}
SPANISH: Voice = {"voice": "es+m1", "speed": 150}


def samples(text: str, *, voice: str, speed: int = 150, silence: float = 0.5) -> np.ndarray:
    """The text said once, mono, 16 kHz, with `silence` seconds around it."""
    pad = np.zeros(int(silence * SAMPLE_RATE), np.float32)
    return np.concatenate([pad, speak(text, voice=voice, speed=speed).audio, pad])


def encode(audio: np.ndarray, suffix: str, *, rate: int = SAMPLE_RATE, channels: int = 1, options: tuple[str, ...] = ()) -> bytes:
    """The audio as a file of the type that `suffix` names, at `rate` Hz, with `channels` channels."""
    with tempfile.TemporaryDirectory() as folder:
        plain, target = Path(folder, "plain.wav"), Path(folder, f"encoded{suffix}")
        soundfile.write(plain, audio, SAMPLE_RATE)
        command = ["ffmpeg", "-v", "error", "-i", str(plain), "-ar", str(rate), "-ac", str(channels), *options, str(target)]
        subprocess.run(command, check=True)
        return target.read_bytes()


def wav(text: str, *, voice: str, speed: int = 150) -> bytes:
    """The text said once, as a 16 kHz mono WAV file."""
    return encode(samples(text, voice=voice, speed=speed), ".wav")


def word_error_rate(reference: str, transcript: dict[str, Any]) -> float:
    """WER of a transcript JSON, case and punctuation aside."""
    said = " ".join(str(segment["text"]) for segment in transcript["segments"])
    steps: list[Any] = [jiwer.ToLowerCase, jiwer.RemovePunctuation, jiwer.RemoveMultipleSpaces, jiwer.Strip]
    plain = jiwer.Compose([step() for step in steps])
    return float(jiwer.wer(plain(reference), plain(said))) if said.strip() else 1.0
