"""Evaluation speech: sentences and voices that training never uses, with the true time of every word."""

from __future__ import annotations

import random
import subprocess
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .espeak import SAMPLE_RATE, resample, speak
from .sentences import LANGUAGES, punctuated, sentence, words
from .timing import Span, timed
from .voices import manner

Timeline = tuple[NDArray[np.float32], tuple[Span, ...]]  # samples, and the words in them
CONDITIONS = ("clean", "noisy", "telephone", "mp3")


@dataclass(frozen=True)
class Sample:
    """One file: samples at 16 kHz, what is said in it and when."""

    audio: NDArray[np.float32]
    language: str
    condition: str
    words: tuple[Span, ...]

    @property
    def text(self) -> str:
        return " ".join(word.name for word in self.words)


def _silence(seconds: float) -> NDArray[np.float32]:
    return np.zeros(int(seconds * SAMPLE_RATE), np.float32)


def _through_mp3(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """There and back at 32 kbit/s. The decoder drops the encoder's delay, so times stay."""
    pcm = ["-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", "1"]
    encode = ["ffmpeg", "-nostdin", "-v", "error", *pcm, "-i", "pipe:0", "-b:a", "32k", "-f", "mp3", "pipe:1"]
    decode = ["ffmpeg", "-nostdin", "-v", "error", "-i", "pipe:0", *pcm, "pipe:1"]
    packed = subprocess.run(encode, input=audio.tobytes(), capture_output=True, check=True).stdout
    return np.frombuffer(subprocess.run(decode, input=packed, capture_output=True, check=True).stdout, np.float32).copy()


def condition(rng: random.Random, audio: NDArray[np.float32], kind: str) -> NDArray[np.float32]:
    """The same speech as it comes over a noisy room (10 to 25 dB), an 8 kHz line, or a lossy file."""
    if kind == "noisy":
        noise = np.random.default_rng(rng.randrange(1 << 30)).standard_normal(len(audio)).astype(np.float32)
        noisy: NDArray[np.float32] = audio + noise * audio.std() * np.float32(10 ** (-rng.uniform(10, 25) / 20))
        return noisy
    if kind == "telephone":
        return resample(resample(audio, SAMPLE_RATE, 8000), 8000, SAMPLE_RATE)
    if kind == "mp3":
        return _through_mp3(audio)
    return audio


def _join(parts: list[Timeline], rng: random.Random) -> Timeline:
    audio = [_silence(rng.uniform(0.1, 0.8))]
    spans: list[Span] = []
    position = len(audio[0])
    for samples_, words_ in parts:
        offset = position / SAMPLE_RATE
        spans += [Span(w.name, w.start + offset, w.end + offset) for w in words_]
        audio += [samples_, _silence(rng.uniform(0.1, 1.2))]
        position += len(audio[-1]) + len(samples_)
    return np.concatenate(audio), tuple(spans)


def samples(count: int, seed: int) -> list[Sample]:
    """`count` files of one to eight sentences by one held-out voice, about 2 to 30 s, languages and conditions by turns."""
    rng = random.Random(seed)
    result: list[Sample] = []
    while len(result) < count:
        language, kind = LANGUAGES[len(result) % 2], CONDITIONS[len(result) // 2 % 4]
        how = manner(rng, language, for_evaluation=True)
        parts: list[Timeline] = []
        for _ in range(rng.choice((1, 2, 4, 8))):
            text = sentence(rng, language, for_evaluation=True)
            utterance = speak(punctuated(rng, text), how.voice, how.speed, how.pitch, how.pitch_range)
            times = timed(utterance, text.split())
            if times is not None:
                parts.append((utterance.audio, times.words))
        if parts:
            audio, spans = _join(parts, rng)
            result.append(Sample(condition(rng, audio, kind), language, kind, spans))
    return result


def one_by_one(count: int, seed: int) -> list[Sample]:
    """Files of eight words, each said alone and placed by us: its start is where its sound rises above 2% of its peak."""
    rng = random.Random(seed)
    result: list[Sample] = []
    for index in range(count):
        language = LANGUAGES[index % 2]
        how = manner(rng, language, for_evaluation=True)
        parts: list[Timeline] = []
        for word in rng.choices(words(language), k=8):
            audio = speak(word, how.voice, how.speed, how.pitch, how.pitch_range).audio
            loud = np.flatnonzero(np.abs(audio) > 0.02 * np.abs(audio).max())
            audio = audio[loud[0] : loud[-1] + 1]
            parts.append((audio, (Span(word, 0.0, len(audio) / SAMPLE_RATE),)))
        audio, spans = _join(parts, rng)
        result.append(Sample(audio, language, "clean", spans))
    return result
