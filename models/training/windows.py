"""Windows of joined utterances as the recogniser hears them: filtered, noisy, padded, with a label for every frame.

Everything happens on mel power, where filters are products and uncorrelated noise is a sum.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .corpus import FLOOR, Entry

_BINS = 80
_MEL_HZ = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 8000 / 700), _BINS + 2)[1:-1] / 2595) - 1)


def _warping(factor: float) -> NDArray[np.float32]:
    """(80, 80): mel power times this is the power of a vocal tract `factor` times as short (Jaitly and Hinton 2013)."""
    source = np.interp(_MEL_HZ / factor, _MEL_HZ, np.arange(_BINS))
    low = np.minimum(source.astype(int), _BINS - 2)
    matrix = np.zeros((_BINS, _BINS), np.float32)
    columns = np.arange(_BINS)
    matrix[low, columns] = 1 - (source - low)
    matrix[low + 1, columns] = source - low
    return matrix


_WARPINGS = [_warping(factor) for factor in np.linspace(0.82, 1.22, 11)]


@dataclass(frozen=True)
class Window:
    """`mel` (80, frames) in Whisper's scale; spans in frames of 10 ms; `speech` frames before the padding begins."""

    mel: NDArray[np.float32]
    language: str
    words: list[tuple[str, int, int]]
    phonemes: list[tuple[str, int, int]]
    speech: int


class Noise:
    """Stationary noise: unit mean power with the fluctuation of a periodogram, in long strips cut at random."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        shape = np.linspace(1.5, 6.0, _BINS)  # a high mel bin averages more FFT bins
        self._strip = (rng.gamma(shape, 1 / shape, (40_000, _BINS))).astype(np.float32)
        self._colours = [np.ones(_BINS), 1 / (1 + _MEL_HZ / 300), 1 / (1 + _MEL_HZ / 300) ** 2, (_MEL_HZ / 4000) + 0.1]

    def cut(self, rng: random.Random, frames: int) -> NDArray[np.float32]:
        start = rng.randrange(len(self._strip) - frames)
        colour = rng.choice(self._colours)
        strip: NDArray[np.float32] = self._strip[start : start + frames] * (colour / colour.mean()).astype(np.float32)
        return strip


def join(
    rng: random.Random, entries: list[Entry], mel: NDArray[np.float16], by_voice: dict[str, list[int]], index: int, limit: int
) -> tuple[NDArray[np.float32], list[tuple[str, int, int]], list[tuple[str, int, int]]]:
    """Utterances from `index` on, of one voice or several, with pauses between, until `limit` frames are full."""
    language, voice = entries[index].language, entries[index].voice
    one_voice = rng.random() < 0.5
    warping = rng.choice(_WARPINGS) if rng.random() < 0.6 else None
    loose = rng.random() < 0.15
    parts: list[NDArray[np.float32]] = []
    words: list[tuple[str, int, int]] = []
    phonemes: list[tuple[str, int, int]] = []
    position = 0
    while True:
        pause = rng.randint(0, 40) if not parts else rng.randint(60, 250) if loose else rng.randint(3, 70)
        entry = entries[index]
        if position + pause + entry.frames > limit:
            break
        offset = position + pause
        gain = 10 ** rng.uniform(-0.6, 0.6) if not one_voice else 1.0
        parts.append(np.full((pause, _BINS), FLOOR, np.float32))
        spoken = np.power(np.float32(10), mel[entry.start : entry.start + entry.frames].astype(np.float32)) * np.float32(gain)
        parts.append(spoken if warping is None else spoken @ warping)
        words += [(w, s + offset, e + offset) for w, s, e in entry.words]
        phonemes += [(p, s + offset, e + offset) for p, s, e in entry.phonemes]
        position = offset + entry.frames
        index = rng.choice(by_voice[voice if one_voice else language])
    tail = min(rng.randint(0, 40), limit - position)
    parts.append(np.full((tail, _BINS), FLOOR, np.float32))
    return np.concatenate(parts), words, phonemes


def distort(rng: random.Random, noise: Noise, power: NDArray[np.float32]) -> NDArray[np.float32]:
    """A recording chain: equaliser, room or line noise, band limit, lossy codec; each only sometimes."""
    level = float(power.mean())
    if rng.random() < 0.4:
        knots = [rng.gauss(0, 3) for _ in range(6)]
        power = power * (10 ** (np.interp(np.arange(_BINS), np.linspace(0, _BINS - 1, 6), knots) / 10)).astype(np.float32)
    if rng.random() < 0.1:
        echo = np.float32(10 ** rng.uniform(-2.0, -0.7))
        delay = rng.randint(2, 8)
        late: NDArray[np.float32] = np.concatenate([np.full((delay, _BINS), FLOOR, np.float32), power[:-delay]])
        power = power + late * echo
    if rng.random() < 0.5:
        power = power + noise.cut(rng, len(power)) * level * 10 ** (-rng.uniform(10, 50) / 10)
    if rng.random() < 0.28:
        top = rng.choice((3400, 3700, 3900, 4000, 5500, 6500, 7200))
        mask = np.where(top < _MEL_HZ, 10 ** -rng.uniform(3, 9), 1.0)
        if top < 4100 and rng.random() < 0.5:
            mask = np.where(_MEL_HZ < 300, 10 ** -rng.uniform(0.5, 3), mask)
        power = power * mask.astype(np.float32)
    if rng.random() < 0.12:
        threshold = power.max(axis=1, keepdims=True) * 10 ** -rng.uniform(2.5, 5)
        power = np.where(power < threshold, FLOOR, power)
    return power


def whisper_scale(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Whisper's log mel: eight decades below the loudest, scaled to about [-1, 1]."""
    log = np.log10(np.maximum(power, FLOOR))
    result: NDArray[np.float32] = (np.maximum(log, log.max() - 8) + 4) / 4
    return result


class WindowSampler:
    """Draws windows of a given length from a corpus."""

    def __init__(self, entries: list[Entry], mel: NDArray[np.float16], seed: int) -> None:
        self._entries, self._mel, self._noise = entries, mel, Noise(seed)
        self._groups: dict[str, list[int]] = {}
        for index, entry in enumerate(entries):
            self._groups.setdefault(entry.voice, []).append(index)
            self._groups.setdefault(entry.language, []).append(index)

    def draw(self, rng: random.Random, frames: int, packed: float) -> Window:
        """One window of `frames` (10 ms each); with probability `packed` full of speech, else partly padding."""
        language = rng.choice(("en", "es"))
        limit = frames if rng.random() < packed else rng.randint(min(100, frames), frames)
        if rng.random() < 0.02:
            power = np.full((limit, _BINS), FLOOR, np.float32) + self._noise.cut(rng, limit) * 10 ** rng.uniform(-9, -2)
            words: list[tuple[str, int, int]] = []
            phonemes: list[tuple[str, int, int]] = []
        else:
            words = []
            while not words:
                first = rng.choice(self._groups[language])
                power, words, phonemes = join(rng, self._entries, self._mel, self._groups, first, limit)
            power = distort(rng, self._noise, power)
        padded = np.full((frames, _BINS), FLOOR, np.float32)
        padded[: len(power)] = power
        return Window(np.ascontiguousarray(whisper_scale(padded).T), language, words, phonemes, len(power))
