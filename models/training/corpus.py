"""The training corpus of the recogniser: mel power of many utterances with the time of every word and phoneme.

    python -m models.training.corpus --output build/training/corpus --utterances 16000

Mel power (not Whisper's normalised log) is stored because utterances are joined, filtered and made noisy as power, for
a small part of what the same work costs on samples.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import WhisperFeatureExtractor

from .espeak import SAMPLE_RATE, speak
from .sentences import LANGUAGES, punctuated, sentence
from .timing import Span, timed
from .voices import manner

FLOOR = 1e-10  # Whisper's smallest mel power
HOP = 160  # samples between frames
_MARGIN = 0.03  # seconds kept before the first and after the last word
_BLOCK = 250


@dataclass(frozen=True)
class Entry:
    """One utterance: rows [start, start + frames) of the mel array; spans in frames of 10 ms from its start."""

    language: str
    voice: str
    start: int
    frames: int
    words: list[tuple[str, int, int]]
    phonemes: list[tuple[str, int, int]]


@cache
def _filters() -> torch.Tensor:
    return torch.from_numpy(WhisperFeatureExtractor(feature_size=80).mel_filters.T.astype(np.float32))


def mel_power(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Whisper's mel power of 16 kHz samples: (len // 160, 80), before the logarithm."""
    spectrum = torch.stft(torch.from_numpy(audio), 400, HOP, window=torch.hann_window(400), return_complex=True)
    power = spectrum[:, :-1].abs() ** 2
    result: NDArray[np.float32] = (_filters() @ power).T.numpy()
    return result


def _in_frames(spans: Iterable[Span], first: float) -> list[tuple[str, int, int]]:
    """Spans counted in frames of 10 ms from `first` seconds."""
    return [(s.name, round((s.start - first) * 100), round((s.end - first) * 100)) for s in spans]


def _block(seed: int) -> tuple[list[Entry], NDArray[np.float16]]:
    torch.set_num_threads(1)
    rng = random.Random(seed)
    entries: list[Entry] = []
    mels: list[NDArray[np.float16]] = []
    position = 0
    while len(entries) < _BLOCK:
        language = LANGUAGES[len(entries) % 2]
        text = sentence(rng, language, for_evaluation=False)
        how = manner(rng, language, for_evaluation=False)
        utterance = speak(punctuated(rng, text), how.voice, how.speed, how.pitch, how.pitch_range)
        times = timed(utterance, text.split())
        if times is None:
            continue
        first = max(0.0, times.words[0].start - _MARGIN)
        last = times.words[-1].end + _MARGIN
        audio = utterance.audio[int(first * SAMPLE_RATE) : int(last * SAMPLE_RATE)]
        mel = np.log10(np.maximum(mel_power(audio), FLOOR)).astype(np.float16)
        sounds = [span for group in times.phonemes for span in group]
        words, phonemes = _in_frames(times.words, first), _in_frames(sounds, first)
        entries.append(Entry(language, how.voice, position, len(mel), words, phonemes))
        mels.append(mel)
        position += len(mel)
    return entries, np.concatenate(mels)


def build(output: Path, utterances: int, seed: int, workers: int) -> None:
    """Write `mel.npy` (frames, 80) float16 of log10 power, and `entries.json`."""
    output.mkdir(parents=True, exist_ok=True)
    entries: list[dict[str, object]] = []
    mels: list[NDArray[np.float16]] = []
    position = 0
    with ProcessPoolExecutor(workers) as pool:
        for block, mel in pool.map(_block, range(seed * 1_000_003, seed * 1_000_003 + utterances // _BLOCK)):
            entries += [{**entry.__dict__, "start": entry.start + position} for entry in block]
            mels.append(mel)
            position += len(mel)
    np.save(output / "mel.npy", np.concatenate(mels))
    (output / "entries.json").write_text(json.dumps(entries, ensure_ascii=False))
    print(f"{len(entries)} utterances, {position / 360_000:.1f} hours")


def load(folder: Path) -> tuple[list[Entry], NDArray[np.float16]]:
    """Read what `build` wrote."""
    entries = [Entry(**entry) for entry in json.loads((folder / "entries.json").read_text())]
    return entries, np.load(folder / "mel.npy", mmap_mode="r")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--utterances", type=int, default=16_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    build(arguments.output, arguments.utterances, arguments.seed, arguments.workers)


if __name__ == "__main__":
    main()
