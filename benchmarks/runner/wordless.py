"""Sounds in which nobody speaks: silence, coloured noise, hum, tones, chords, drums. Any word heard in them is invented."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
Sound = NDArray[np.float32]
Generator = np.random.Generator


def _time(seconds: float) -> NDArray[np.float64]:
    return np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE


def _coloured(rng: Generator, seconds: float, slope: float) -> Sound:
    """Noise whose power falls with frequency to the power `slope`: 0 white, 1 pink, 2 brown. Peak 1."""
    count = int(seconds * SAMPLE_RATE)
    spectrum = np.fft.rfft(rng.standard_normal(count))
    frequency = np.maximum(np.fft.rfftfreq(count, 1 / SAMPLE_RATE), 20.0)
    noise = np.fft.irfft(spectrum / frequency ** (slope / 2), count)
    return np.asarray(noise / np.abs(noise).max(), np.float32)


def silence(rng: Generator, seconds: float) -> Sound:
    """A line on which nothing comes."""
    return np.zeros(int(seconds * SAMPLE_RATE), np.float32)


def hiss(rng: Generator, seconds: float) -> Sound:
    """White noise, from barely heard to loud."""
    return np.float32(10 ** rng.uniform(-3, -0.3)) * _coloured(rng, seconds, 0)


def rain(rng: Generator, seconds: float) -> Sound:
    """Pink noise."""
    return np.float32(10 ** rng.uniform(-2, -0.3)) * _coloured(rng, seconds, 1)


def engine_rumble(rng: Generator, seconds: float) -> Sound:
    """Brown noise that swells and fades."""
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * rng.uniform(0.1, 0.5) * _time(seconds))
    return np.asarray(0.5 * swell * _coloured(rng, seconds, 2), np.float32)


def mains_hum(rng: Generator, seconds: float) -> Sound:
    """50 or 60 Hz with its harmonics, over faint hiss."""
    base, time = rng.choice([50.0, 60.0]), _time(seconds)
    hum = sum(np.sin(2 * np.pi * base * k * time) / k for k in range(1, 8))
    return np.asarray(0.1 * hum + 0.003 * _coloured(rng, seconds, 0), np.float32)


def dial_tones(rng: Generator, seconds: float) -> Sound:
    """Two tones together, a quarter of a second on and as long off, as a telephone gives."""
    time = _time(seconds)
    low, high = rng.uniform(350, 700), rng.uniform(1000, 1600)
    return np.asarray(0.3 * (np.sin(2 * np.pi * low * time) + np.sin(2 * np.pi * high * time)) * (time % 0.5 < 0.25), np.float32)


def chords(rng: Generator, seconds: float) -> Sound:
    """A new chord of plucked tones every half second."""
    out = np.zeros(int(seconds * SAMPLE_RATE))
    step = SAMPLE_RATE // 2
    for start in range(0, len(out), step):
        time = np.arange(min(step, len(out) - start)) / SAMPLE_RATE
        root = 220 * 2 ** (rng.integers(0, 12) / 12)
        for interval in (0, rng.choice([3, 4]), 7):
            tone = root * 2 ** (interval / 12)
            out[start : start + len(time)] += sum(np.sin(2 * np.pi * tone * k * time) / k for k in (1, 2, 3)) * np.exp(-3 * time)
    return np.asarray(0.5 * out / np.abs(out).max(), np.float32)


def drums(rng: Generator, seconds: float) -> Sound:
    """Bursts of noise and low thuds at an even beat."""
    out = np.zeros(int(seconds * SAMPLE_RATE))
    beat = int(rng.uniform(0.25, 0.5) * SAMPLE_RATE)
    for number, start in enumerate(range(0, len(out), beat)):
        time = np.arange(min(beat, len(out) - start)) / SAMPLE_RATE
        hit = np.sin(2 * np.pi * 80 * time) if number % 2 == 0 else rng.standard_normal(len(time))
        out[start : start + len(time)] = hit * np.exp(-25 * time)
    return np.asarray(0.7 * out / np.abs(out).max(), np.float32)


def tune(rng: Generator, seconds: float) -> Sound:
    """Chords with drums under them."""
    return np.asarray(0.6 * chords(rng, seconds) + 0.4 * drums(rng, seconds), np.float32)


def clicks(rng: Generator, seconds: float) -> Sound:
    """Single clicks at random moments, as on an old line."""
    out = np.zeros(int(seconds * SAMPLE_RATE), np.float32)
    out[rng.integers(0, len(out), int(5 * seconds))] = rng.uniform(-0.8, 0.8, int(5 * seconds))
    return out


KINDS: tuple[Callable[[Generator, float], Sound], ...] = (
    *(silence, hiss, rain, engine_rumble, mains_hum),
    *(dial_tones, chords, drums, tune, clicks),
)


def wordless(index: int, seed: int) -> tuple[str, Sound]:
    """The name of its kind and 10 to 30 s of sound; kinds by turns."""
    rng = np.random.default_rng([seed, index])
    make = KINDS[index % len(KINDS)]
    return make.__name__, make(rng, float(rng.uniform(10, 30)))
