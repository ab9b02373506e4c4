"""Conversations of synthesised speakers with the true times of their turns.

A speaker is an espeak-ng voice variant at one pitch, its sound stretched by one factor. Variants of the three groups of
speakers ("training", "tuning", "held-out") have nothing in common.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from .espeak import SAMPLE_RATE, speak
from .sentences import sentence
from .voices import Manner, variants

Sound = NDArray[np.float32]
_SPEAKERS = {"training": 480, "tuning": 30, "held-out": 36}
_UTTERANCES = {"training": 7, "tuning": 14, "held-out": 14}
_ACCENTS = ("en-us", "en-gb", "es", "es-419")
_QUIET = 0.01


@dataclass(frozen=True)
class Speaker:
    """The utterances of one speaker, each at an average power of 1, 1 to 6 s long."""

    variant: str
    pitch: int
    utterances: tuple[Sound, ...]


@dataclass(frozen=True)
class Turn:
    """A speaker, by number, talks from `start` to `end`, in samples."""

    start: int
    end: int
    speaker: int


@dataclass(frozen=True)
class Conversation:
    """Sound in [-1, 1] at 16 kHz and who speaks when in it; turns may overlap."""

    sound: Sound
    turns: tuple[Turn, ...]


def _utterance(rng: random.Random, manner: Manner, factor: Fraction, *, evaluation: bool) -> Sound:
    """Some sentences without the silence around them, 1 to 6 s."""
    spoken = np.zeros(0, np.float32)
    while len(spoken) < SAMPLE_RATE:
        text = sentence(rng, manner.voice[:2], for_evaluation=evaluation)
        sound = speak(text, manner.voice, rng.randint(130, 200), manner.pitch, manner.pitch_range).audio
        if factor != 1:
            sound = resample_poly(sound, factor.denominator, factor.numerator).astype(np.float32)
        loud = np.flatnonzero(np.abs(sound) > _QUIET * np.abs(sound).max(initial=1e-6))
        if len(loud):
            spoken = np.concatenate([spoken, sound[loud[0] : loud[-1] + 1]])
    spoken = spoken[: 6 * SAMPLE_RATE]
    return spoken / np.float32(np.sqrt(np.mean(spoken**2)))


def speakers(group: str, seed: int = 5) -> list[Speaker]:
    """Render the speakers of a group: half a minute for "training", seconds for "tuning" and "held-out"."""
    rng = random.Random(f"{seed} {group}")
    training, pool = group == "training", variants(group)
    found = []
    for number in range(_SPEAKERS[group]):
        variant = pool[number % len(pool)]
        pitch = rng.randint(5, 95) if training else rng.randint(15, 85)
        manner = Manner(rng.choice(_ACCENTS) + variant, 165, pitch, rng.randint(30, 70))
        factor = Fraction(round(40 * rng.uniform(0.85, 1.18)), 40) if training else Fraction(1)
        said = [_utterance(rng, manner, factor, evaluation=group == "held-out") for _ in range(_UTTERANCES[group])]
        found.append(Speaker(variant, pitch, tuple(said)))
    return found


def cast(rng: random.Random, everybody: list[Speaker], count: int) -> list[int]:
    """Speakers of different variants whose pitches are at least 15 of 100 steps apart. Raises RuntimeError if there are none."""
    for _ in range(1000):
        chosen = rng.sample(range(len(everybody)), count)
        people = [everybody[number] for number in chosen]
        pitches = sorted(person.pitch for person in people)
        apart = all(higher - lower >= 15 for lower, higher in pairwise(pitches))
        if apart and len({person.variant for person in people}) == count:
            return chosen
    raise RuntimeError(f"no {count} speakers that differ in voice and pitch among {len(everybody)}")


def converse(rng: random.Random, everybody: list[Speaker], people: list[int], seconds: float) -> Conversation:
    """A conversation: turns of 1 to 6 s, pauses of 0.1 to 0.8 s, noise at 15 to 30 dB.

    Everybody speaks; now and then somebody twice in a row, or before the one before has ended.
    """
    sound = np.zeros(int(seconds * SAMPLE_RATE), np.float32)
    gains = {person: np.float32(10 ** rng.uniform(-0.2, 0.2)) for person in people}
    turns: list[Turn] = []
    position, waiting, last = int(rng.uniform(0, 0.5) * SAMPLE_RATE), rng.sample(people, len(people)), -1
    while position < len(sound) - SAMPLE_RATE:
        others = [person for person in people if person != last or rng.random() < 0.15] or people
        last = waiting.pop() if waiting else rng.choice(others)
        spoken = rng.choice(everybody[last].utterances)[: len(sound) - position]
        sound[position : position + len(spoken)] += gains[last] * spoken
        end = position + len(spoken)
        turns.append(Turn(position, end, last))
        overlaps = rng.random() < 0.12 and len(spoken) > 2 * SAMPLE_RATE
        position = end + int((-rng.uniform(0.2, 0.8) if overlaps else rng.uniform(0.1, 0.8)) * SAMPLE_RATE)
    noise = np.random.default_rng(rng.randrange(1 << 30)).standard_normal(len(sound), np.float32)
    sound += noise * np.float32(10 ** (-rng.uniform(15, 30) / 20))
    return Conversation(sound * np.float32(10 ** rng.uniform(-1.8, -1.1)), tuple(turns))


def conversations(group: str, count: int, seed: int) -> list[Conversation]:
    """`count` conversations of two speakers of the group, and as many of three, 20 to 60 s long."""
    rng = random.Random(seed)
    everybody = speakers(group)
    drawn = [(2, rng.uniform(20, 60)) for _ in range(count)] + [(3, rng.uniform(20, 60)) for _ in range(count)]
    return [converse(rng, everybody, cast(rng, everybody, people), seconds) for people, seconds in drawn]
