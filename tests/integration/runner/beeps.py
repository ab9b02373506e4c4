"""Media files with beeps at known times, made by ffmpeg, and where the beeps are in what was decoded."""

import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PICTURES = {".flv": "flv", ".webm": "libvpx", ".ogv": "libtheora"}
BEEP_SECONDS = 0.2
LOUD = 3000
"""Of 32768: beeps are five times as loud, what codecs add around them is less."""


def beeping(*times: float, seconds: float = 8.0, hertz: int = 880, rate: int = 48_000) -> str:
    """A source for ffmpeg: silence with a beep at each of the times."""
    on = "+".join(f"between(t\\,{time}\\,{time + BEEP_SECONDS})" for time in times)
    return f"aevalsrc=0.5*sin(2*PI*{hertz}*t)*({on}):s={rate}:d={seconds}"


def ffmpeg(target: Path, *options: str) -> Path:
    """Runs ffmpeg; returns `target`."""
    command = ["ffmpeg", "-v", "error", "-y", *options, str(target)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return target


def video(target: Path, source: str, *options: str, late: float = 0.0, seconds: float = 8.0) -> Path:
    """Pictures from time 0 on, and the source's sound `late` seconds later."""
    pictures = ["-f", "lavfi", "-i", f"testsrc=duration={seconds}:size=64x64:rate=25"]
    sound = ["-itsoffset", str(late), "-f", "lavfi", "-i", source]
    codec = ["-c:v", PICTURES.get(target.suffix, "mpeg4"), "-bf", "0"]
    return ffmpeg(target, *pictures, *sound, "-map", "0", "-map", "1", *codec, *options)


def beeps(pcm: NDArray[np.int16]) -> list[float]:
    """The seconds at which beeps start."""
    loud = np.flatnonzero(np.abs(pcm.astype(int)) > LOUD)
    if not loud.size:
        return []
    begins = np.concatenate([[True], np.diff(loud) > BEEP_SECONDS / 2 * 16_000])
    return [float(at) / 16_000 for at in loud[begins]]


def heard_by_ffmpeg(path: Path) -> list[float]:
    """The same for the file as ffmpeg decodes it with its timestamps. Pictures are decoded, too: they count for time 0."""
    sound = ["-map", "0:a:0", "-af", "aresample=async=1:first_pts=0", "-f", "s16le", "-ac", "1", "-ar", "16000", "-"]
    command = ["ffmpeg", "-v", "error", "-i", str(path), *sound, "-map", "0:v?", "-f", "null", "/dev/null"]
    done = subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return beeps(np.frombuffer(done.stdout, np.int16))
