"""Made-up calls: held-out voices saying held-out sentences, of a wanted length, the same for the same seed."""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray

from models.training.espeak import SAMPLE_RATE, speak
from models.training.heldout import condition
from models.training.sentences import punctuated, sentence
from models.training.voices import Manner, manner

_LINES = ("clean", "noisy", "telephone")
_SHORTEST, _LONGEST = 3.0, 10.0  # seconds of a short call

Call = tuple[NDArray[np.float32], str]
"""Samples at 16 kHz, and the words said."""


def _silence(seconds: float) -> NDArray[np.float32]:
    return np.zeros(int(seconds * SAMPLE_RATE), np.float32)


def _said(rng: random.Random, language: str, how: Manner) -> Call:
    text = sentence(rng, language, for_evaluation=True)
    return speak(punctuated(rng, text), how.voice, how.speed, how.pitch, how.pitch_range).audio, text


def short_call(rng: random.Random, language: str) -> Call:
    """One voice, 3 to 10 s, over a clean, noisy or telephone line."""
    how = manner(rng, language, for_evaluation=True)
    wanted = rng.uniform(_SHORTEST, _LONGEST)
    audio, texts = _silence(rng.uniform(0.1, 0.4)), list[str]()
    while len(audio) < wanted * SAMPLE_RATE:
        spoken, text = _said(rng, language, how)
        longer = np.concatenate([audio, spoken, _silence(rng.uniform(0.2, 0.5))])
        if len(longer) <= _LONGEST * SAMPLE_RATE:
            audio, texts = longer, [*texts, text]
        elif len(audio) >= _SHORTEST * SAMPLE_RATE:
            break
    return condition(rng, audio, rng.choice(_LINES)), " ".join(texts)


def conversation(rng: random.Random, language: str, seconds: float) -> Call:
    """Two voices by turns of one to four sentences with pauses of 0.2 to 1.5 s, of exactly `seconds`."""
    voices = [manner(rng, language, for_evaluation=True) for _ in range(2)]
    parts, texts, length, turn = [_silence(0.5)], list[str](), 0.5, 0
    while True:
        for _ in range(rng.randint(1, 4)):
            spoken, text = _said(rng, language, voices[turn % 2])
            pause = rng.uniform(0.2, 1.5)
            length += len(spoken) / SAMPLE_RATE + pause
            if length > seconds:
                whole = np.concatenate(parts)
                rest = np.zeros(int(seconds * SAMPLE_RATE) - len(whole), np.float32)
                return condition(rng, np.concatenate([whole, rest]), rng.choice(_LINES)), " ".join(texts)
            parts += [spoken, _silence(pause)]
            texts.append(text)
        turn += 1
