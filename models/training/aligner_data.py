"""What the aligner learns from: waveforms, and for every 20 ms frame the character that begins there.

whisperX lets a character last over blanks until the next character is emitted, so the right label is the character
at its onset, "|" where a word ends, and blank elsewhere.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .espeak import SAMPLE_RATE, resample, speak
from .sentences import LANGUAGES, punctuated, sentence
from .timing import Timed, timed
from .voices import manner

BLANK, WORD_END = "<pad>", "|"
VOCABULARY = [BLANK, "<s>", "</s>", "<unk>", WORD_END, *"abcdefghijklmnopqrstuvwxyzáéíóúüñ'"]
FRAME = 0.02  # seconds
_INDEX = {symbol: index for index, symbol in enumerate(VOCABULARY)}


@dataclass(frozen=True)
class Spoken:
    """Samples at 16 kHz, and (symbol index, onset in seconds) in order."""

    audio: NDArray[np.float32]
    onsets: list[tuple[int, float]]


def onsets(times: Timed) -> list[tuple[int, float]]:
    """Characters spread over the phonemes of their word in proportion, then "|" at the word's end."""
    result: list[tuple[int, float]] = []
    for word, phonemes in zip(times.words, times.phonemes, strict=True):
        edges = [p.start for p in phonemes] + [word.end]
        places = np.linspace(0, len(phonemes), len(word.name) + 1)[:-1]
        starts = np.interp(places, range(len(edges)), edges)
        result += [(_INDEX[c], float(s)) for c, s in zip(word.name, starts, strict=True)]
        result.append((_INDEX[WORD_END], word.end))
    return result


def say(rng: random.Random, language: str) -> Spoken | None:
    """One utterance of a training voice, a quarter of them through a telephone's band; None if its times are unclear."""
    text = sentence(rng, language, for_evaluation=False)
    how = manner(rng, language, for_evaluation=False)
    utterance = speak(punctuated(rng, text), how.voice, how.speed, how.pitch, how.pitch_range)
    times = timed(utterance, text.split())
    if times is None:
        return None
    audio = utterance.audio
    if rng.random() < 0.25:
        audio = resample(resample(audio, SAMPLE_RATE, 8000), 8000, SAMPLE_RATE)
    return Spoken(audio, onsets(times))


def collection(count: int, seed: int) -> list[Spoken]:
    """`count` utterances, the two languages by turns."""
    rng = random.Random(seed)
    result: list[Spoken] = []
    while len(result) < count:
        spoken = say(rng, LANGUAGES[len(result) % 2])
        if spoken is not None:
            result.append(spoken)
    return result


def frame_labels(marks: list[tuple[int, float]], frames: int) -> NDArray[np.int64]:
    """Symbol index for each frame, blank (0) where none begins; crowded onsets move to the next free frame.

    "|" keeps one frame before the next word, so that the word's first character keeps its place.
    """
    labels = np.zeros(frames, np.int64)
    free = 0
    for position, (symbol, start) in enumerate(marks):
        frame = round(start / FRAME)
        if symbol == _INDEX[WORD_END] and position + 1 < len(marks):
            frame = min(frame, round(marks[position + 1][1] / FRAME) - 1)
        frame = max(frame, free)
        if frame >= frames:
            break
        labels[frame] = symbol
        free = frame + 1
    return labels


def window(rng: random.Random, spoken: list[Spoken], samples: int, frames: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Utterances joined with pauses into `samples` samples, with noise and any level, and `frames` labels."""
    audio = np.zeros(samples, np.float32)
    marks: list[tuple[int, float]] = []
    position = int(rng.uniform(0, 0.6) * SAMPLE_RATE)
    while True:
        one = rng.choice(spoken)
        if position + len(one.audio) > samples:
            if marks or len(one.audio) > samples:
                break
            position = 0
        audio[position : position + len(one.audio)] += one.audio
        marks += [(symbol, start + position / SAMPLE_RATE) for symbol, start in one.onsets]
        position += len(one.audio) + int(rng.uniform(0, 0.8) * SAMPLE_RATE)
        if position >= samples:
            break
    if rng.random() < 0.6:
        white = np.random.default_rng(rng.randrange(1 << 30)).standard_normal(samples).astype(np.float32)
        if rng.random() < 0.5:
            white[1:] = white[1:] + 0.9 * white[:-1]
        audio += white * audio.std() * 10 ** (-rng.uniform(10, 45) / 20)
    return audio * np.float32(10 ** rng.uniform(-1.0, 0.3)), frame_labels(marks, frames)
