"""Say a sentence into an audio file; ffmpeg makes whatever format the file's name asks for.

python -m models.training.synthesise "please cancel my order" /tmp/a.mp3 --voice en-us+f3 --rate 44100
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .espeak import SAMPLE_RATE, speak


def write_audio(audio: NDArray[np.float32], path: Path, rate: int = SAMPLE_RATE, channels: int = 1) -> None:
    """Write 16 kHz mono samples to `path` (wav, mp3, flac, m4a, ogg, …) at `rate` Hz. Raises RuntimeError if ffmpeg fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    source = ["-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", "1", "-i", "pipe:0"]
    exact = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"]  # the same bytes on every run
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *source, *exact, "-ar", str(rate), "-ac", str(channels), str(path)]
    done = subprocess.run(command, input=audio.astype("<f4").tobytes(), capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ffmpeg does not write {path}: {done.stderr.decode().strip()}")


def synthesise(
    text: str,
    path: Path | str,
    voice: str = "en-us",
    speed: int = 165,
    pitch: int = 50,
    rate: int = SAMPLE_RATE,
    channels: int = 1,
) -> float:
    """Say `text` into the file `path` and return its duration in seconds.

    Raises ValueError for an unknown voice, RuntimeError if espeak-ng or ffmpeg is missing or fails.
    """
    audio = speak(text, voice, speed, pitch).audio
    write_audio(audio, Path(path), rate, channels)
    return len(audio) / SAMPLE_RATE


def main() -> None:
    parser = argparse.ArgumentParser(description="say a sentence into an audio file")
    parser.add_argument("text")
    parser.add_argument("path", type=Path)
    parser.add_argument("--voice", default="en-us")
    parser.add_argument("--speed", type=int, default=165, help="words a minute")
    parser.add_argument("--pitch", type=int, default=50, help="0 to 99")
    parser.add_argument("--rate", type=int, default=SAMPLE_RATE, help="Hz")
    parser.add_argument("--channels", type=int, default=1)
    a = parser.parse_args()
    seconds = synthesise(a.text, a.path, a.voice, a.speed, a.pitch, a.rate, a.channels)
    print(f"{a.path}: {seconds:.2f} s")


if __name__ == "__main__":
    main()
