"""Which espeak-ng voices train the models and which are kept for evaluation."""

from __future__ import annotations

import random
from dataclasses import dataclass

_ACCENTS = {
    "en": ("en-us", "en-us", "en-gb", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbcwmd", "en-029", "en-us-nyc"),
    "es": ("es", "es-419"),
}
_PLAIN = ("", "+f1", "+f2", "+f3", "+f4", "+m1", "+m2", "+m3", "+m4", "+m5", "+m6", "+m7")
_NAMED = tuple(
    "+" + name
    for name in (
        "Alex Andrea Andy Annie Denis Diogo Hugo Jacky Lee Marco Mario Michael Mike adam anika antonio aunty benjamin boris "
        "caleb david ed edward gustave iven john marcelo max michel miguel norbert paul pedro quincy rob robert sandro "
        "shelby steph travis zac klatt klatt2 klatt3"
    ).split()
)
# Never heard in training: these variants, and Lancaster English with any variant.
_HELD_OUT = ("+f5", "+m8", "+Alicia", "+linda", "+pablo", "+victor")
_HELD_OUT_ACCENTS = {"en": ("en-us", "en-gb", "en-gb-x-gbclan"), "es": ("es", "es-419")}
_TUNING = ("+m4", "+f4", "+anika", "+boris", "+ed", "+steph")


def variants(group: str) -> tuple[str, ...]:
    """Voice variants of the diarization models' speakers: of "training", "tuning" or "held-out", with none in common."""
    if group == "training":
        return tuple(variant for variant in _PLAIN + _NAMED if variant not in _TUNING)
    return {"tuning": _TUNING, "held-out": _HELD_OUT}[group]


@dataclass(frozen=True)
class Manner:
    """How a sentence is said: voice name, words a minute, pitch and pitch range (0-99)."""

    voice: str
    speed: int
    pitch: int
    pitch_range: int


def manner(rng: random.Random, language: str, *, for_evaluation: bool) -> Manner:
    """Draw a voice of the training or the evaluation side, and a speed and pitch."""
    if for_evaluation:
        voice = rng.choice(_HELD_OUT_ACCENTS[language]) + rng.choice(_HELD_OUT)
    else:
        voice = rng.choice(_ACCENTS[language]) + rng.choice(_PLAIN if rng.random() < 0.6 else _NAMED)
    return Manner(voice, rng.randint(120, 205), rng.randint(20, 80), rng.randint(30, 80))
