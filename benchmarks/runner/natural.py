"""Natural English recordings with what is said in them: short files, single sentences, long calls, calls with a channel a side.

Joined from sentences that piper says (natural_voice.py). One voice serves for several speakers: each is played a little faster or
slower, which moves its pitch, too. Deterministic, kept in build/bench/corpus.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample

from .corpus import Recording, kept
from .natural_voice import said
from .piper_speech import NOISE
from .piper_speech import RATE as SPOKEN_RATE
from .sentences import SENTENCES

SAMPLE_RATE = 16_000
SEED = 20_261_124
VERSION = 1
"""Raise it when the making changes, so that old files are not used."""
SIDES = ("agent", "customer")
"""The left and the right channel of a call."""
SHORTEST, LONGEST = 3.0, 20.0  # seconds of a short file
_SLOWEST, _FASTEST = 0.94, 1.14
_CALL_SECONDS = 20.0

Sound = NDArray[np.float32]
Spoken = tuple[Sound, str]
"""Samples at 16 kHz, and the words said."""


@dataclass(frozen=True)
class Call:
    """A file with a channel a side, and each side as a file of its own."""

    both: Recording
    sides: tuple[Recording, Recording]


def short(count: int = 60) -> list[Recording]:
    """Files of 3 to 20 s, one to five sentences each."""
    return _set("natural-short", count, _short)


def sentences(count: int = 400) -> list[Recording]:
    """Single sentences of 3 to 6 s; so many, since the word error rates of two sides differ by chance."""
    return _set("natural-sentences", count, _sentence)


def five_seconds() -> list[Spoken]:
    """Those of the first 40 single sentences that fit into 5 s, of exactly that length."""
    length = 5 * SAMPLE_RATE
    found = [(soundfile.read(file.path, dtype="float32")[0], file.text) for file in sentences()[:40]]
    return [(np.pad(samples, (0, length - len(samples))), text) for samples, text in found if len(samples) <= length]


def quarter_hour() -> list[Recording]:
    """One conversation of 15 min."""
    return _set("natural-quarter-hour", 1, lambda rng: conversation(rng, 900.0))


def long(count: int = 10) -> list[Recording]:
    """Conversations of 3 min."""
    return _set("natural-long", count, lambda rng: conversation(rng, 180.0))


def calls(count: int = 20) -> list[Call]:
    """Calls in which both talk at once, the agent on the left, the customer on the right."""
    files = kept("natural-calls", _recipe(count), partial(_calls, count))
    return [Call(both, (agent, customer)) for both, agent, customer in zip(*[iter(files)] * 3, strict=True)]


def _recipe(count: int) -> dict[str, object]:
    return {"version": VERSION, "seed": SEED, "count": count, "sentences": [*SENTENCES]}


def _rng(name: str, index: int) -> random.Random:
    return random.Random(f"{SEED}/{name}/{index}")


def _set(name: str, count: int, speak: Callable[[random.Random], Spoken]) -> list[Recording]:
    def make(folder: Path) -> Iterator[Recording]:
        for index in range(count):
            audio, text = speak(_rng(name, index))
            yield _written(audio, folder / f"{name}-{index:02}.wav", text)

    return kept(name, _recipe(count), make)


def _written(audio: NDArray[np.float32], path: Path, text: str) -> Recording:
    """`audio`: shape (n,) or (n, channels)."""
    soundfile.write(path, np.clip(audio, -1, 1), SAMPLE_RATE, subtype="PCM_16")
    return Recording(path, round(len(audio) / SAMPLE_RATE, 3), "en", text)


def _short(rng: random.Random) -> Spoken:
    pace, wanted = rng.uniform(_SLOWEST, _FASTEST), rng.uniform(SHORTEST, LONGEST - 3)
    parts, texts = [_silence(rng, 0.1, 0.4)], list[str]()
    for text, samples in rng.sample(said(), 10):
        spoken, pause = _paced(samples, pace), _silence(rng, 0.2, 0.7)
        if sum(map(len, [*parts, spoken, pause])) <= LONGEST * SAMPLE_RATE:
            parts, texts = [*parts, spoken, pause], [*texts, text]
        if sum(map(len, parts)) >= wanted * SAMPLE_RATE:
            break
    return _noisy(rng, np.concatenate(parts)), " ".join(texts)


def _sentence(rng: random.Random) -> Spoken:
    pace = rng.uniform(_SLOWEST, _FASTEST)
    fitting = [(text, spoken) for text, samples in said() if 2.6 <= len(spoken := _paced(samples, pace)) / SAMPLE_RATE <= 5.4]
    text, spoken = rng.choice(fitting)
    return _noisy(rng, np.concatenate([_silence(rng, 0.2, 0.3), spoken, _silence(rng, 0.2, 0.3)])), text


def conversation(rng: random.Random, seconds: float) -> Spoken:
    """Two speakers by turns of one to four sentences with pauses of 0.3 to 1.5 s, of exactly `seconds`."""
    paces = rng.uniform(_SLOWEST, 1.0), rng.uniform(1.06, _FASTEST)
    parts, texts, turn = [_silence(rng, 0.5, 0.5)], list[str](), 0
    while True:
        for text, samples in rng.sample(said(), rng.randint(1, 4)):
            spoken, pause = _paced(samples, paces[turn % 2]), _silence(rng, 0.3, 1.5)
            left = round(seconds * SAMPLE_RATE) - sum(map(len, parts))
            if len(spoken) + len(pause) > left:
                return _noisy(rng, np.concatenate([*parts, np.zeros(left, np.float32)])), " ".join(texts)
            parts, texts = [*parts, spoken, pause], [*texts, text]
        turn += 1


def _calls(count: int, folder: Path) -> Iterator[Recording]:
    for index in range(count):
        rng = _rng("natural-calls", index)
        chosen = rng.sample(said(), 24)  # nobody says what the other says
        sides = [_one_side(rng, chosen[:12], 0.97), _one_side(rng, chosen[12:], 1.12)]
        length = max(len(audio) for audio, _ in sides)
        channels = [_noisy(rng, np.pad(audio, (0, length - len(audio)))) for audio, _ in sides]
        both = " / ".join(text for _, text in sides)
        yield _written(np.stack(channels, axis=1), folder / f"call-{index:02}.wav", both)
        for name, channel, (_, text) in zip(SIDES, channels, sides, strict=True):
            yield _written(channel, folder / f"call-{index:02}-{name}.wav", text)


def _one_side(rng: random.Random, chosen: Sequence[tuple[str, Sound]], pace: float) -> Spoken:
    parts, texts = [_silence(rng, 0.2, 1.2)], list[str]()
    for text, samples in chosen:
        if sum(map(len, parts)) >= _CALL_SECONDS * SAMPLE_RATE:
            break
        parts, texts = [*parts, _paced(samples, pace), _silence(rng, 0.3, 1.0)], [*texts, text]
    return np.concatenate(parts), " ".join(texts)


def _paced(samples: Sound, pace: float) -> Sound:
    """At 16 kHz, played `pace` times as fast."""
    return np.asarray(resample(samples, round(len(samples) * SAMPLE_RATE / SPOKEN_RATE / pace)), np.float32)


def _silence(rng: random.Random, least: float, most: float) -> Sound:
    return np.zeros(int(rng.uniform(least, most) * SAMPLE_RATE), np.float32)


def _noisy(rng: random.Random, audio: Sound) -> Sound:
    noise = np.random.default_rng(rng.randrange(1 << 30)).standard_normal(len(audio))
    return np.asarray(audio + NOISE * rng.uniform(0.5, 5.0) * noise, np.float32)
