"""How near word times by cross-attention come to the truth: natural speech whose words have known times, and real Whisper base.

python -m benchmarks.runner.attention_times --output build/bench/attention_times.json

Each clip is recognised, then its words are timed; a
word that was not recognised, or was never said, has no time within any tolerance.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transcription_runner.engine.words.attention import token_times
from transcription_runner.engine.words.word_groups import WordTime

from .natural_voice import python
from .piper_speech import RATE
from .real import setting
from .sides import environment

CLIPS, SEED = 40, 12
"""Another seed than the one that EARLY_SECONDS was chosen with."""
NEAR_SECONDS = 0.2
NOISE_DECIBELS = (None, 15.0)
"""The clips as they are, and under white noise so much quieter than they."""


@dataclass(frozen=True)
class Clip:
    """Sound at 16 kHz; each word with its start and end, seconds."""

    samples: NDArray[np.float32]
    words: list[tuple[str, float, float]]


def clips() -> list[Clip]:
    """Raises RuntimeError when piper cannot be had, and CalledProcessError when it fails."""
    program = Path(__file__).with_name("piper_speech.py")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([str(python()), str(program), folder, str(CLIPS), str(SEED)], check=True)
        return [_clip(path) for path in sorted(Path(folder).glob("clip-*.npz"))]


def _clip(path: Path) -> Clip:
    import torch
    from torchaudio.functional import resample  # type: ignore[import-untyped]

    with np.load(path) as made:
        samples = resample(torch.from_numpy(made["samples"]), RATE, 16_000).numpy()
        words = list(zip(made["words"].tolist(), made["starts"].tolist(), made["ends"].tolist(), strict=True))
    return Clip(samples, words)


def noisy(clip: Clip, decibels: float | None) -> Clip:
    """The clip under white noise that is so many decibels quieter than its mean."""
    if decibels is None:
        return clip
    noise = np.random.default_rng(SEED).standard_normal(len(clip.samples)) * clip.samples.std() * 10 ** (-decibels / 20)
    return Clip((clip.samples + noise).astype(np.float32), clip.words)


def timed(whisper: Any, tokenizer: Any, samples: NDArray[np.float32]) -> list[WordTime]:
    """The words that Whisper recognises, with their times by attention."""
    import ctranslate2

    from transcription_runner.engine.recognition.features import log_mel

    frames = min(3000, max(1500, len(samples) // 320 * 2 + 200))  # 2 s more than the clip, and no fewer than Whisper needs
    features = np.asarray(log_mel(samples, whisper.model.n_mels, "cpu"))[None, :, :frames]
    encoded = whisper.model.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(features)))
    prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
    answer = whisper.model.generate(encoded, [prompt], beam_size=5)[0]
    tokens = [token for token in answer.sequences_ids[0] if token < tokenizer.eot]
    return token_times(whisper.model, encoded, [0], [tokenizer], [tokens], [samples])[0]


def scored(said: Sequence[Clip], found: Sequence[list[WordTime]]) -> dict[str, float]:
    """F1 of word starts and ends within NEAR_SECONDS, and the errors of the words that were recognised (seconds)."""
    starts: list[float] = []
    ends: list[float] = []
    for clip, words in zip(said, found, strict=True):
        for true, told in _same_words([word for word, _, _ in clip.words], [word.word for word in words]):
            starts.append(words[told].start - clip.words[true][1])
            ends.append(words[told].end - clip.words[true][2])
    count = sum(len(clip.words) for clip in said) + sum(map(len, found))
    errors = np.abs(starts)
    return {
        "f1_starts": 2 * float((errors <= NEAR_SECONDS).sum()) / count,
        "f1_ends": 2 * float((np.abs(ends) <= NEAR_SECONDS).sum()) / count,
        "f1_starts_100ms": 2 * float((errors <= 0.1).sum()) / count,
        "start_median": float(np.median(starts)),
        "start_error_median": float(np.median(errors)),
        "start_error_p95": float(np.quantile(errors, 0.95)),
    }


def _same_words(true: list[str], told: list[str]) -> list[tuple[int, int]]:
    one, other = ([re.sub(r"[^a-z0-9']", "", word.lower()) for word in words] for words in (true, told))
    blocks = difflib.SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return [(block.a + step, block.b + step) for block in blocks for step in range(block.size)]


def main() -> None:
    parser = argparse.ArgumentParser(description="word times by cross-attention against the truth")
    parser.add_argument("--output", type=Path, required=True)
    output: Path = parser.parse_args().output
    os.environ.update(environment())
    from faster_whisper import WhisperModel
    from faster_whisper.tokenizer import Tokenizer

    whisper = WhisperModel(setting().model, device="cpu", compute_type="int8", cpu_threads=len(os.sched_getaffinity(0)))
    tokenizer = Tokenizer(whisper.hf_tokenizer, True, task="transcribe", language="en")
    said = clips()
    detail: dict[str, Any] = {"clips": CLIPS, "seed": SEED, "words": sum(len(clip.words) for clip in said)}
    for decibels in NOISE_DECIBELS:
        heard = [noisy(clip, decibels) for clip in said]
        scores = scored(heard, [timed(whisper, tokenizer, clip.samples) for clip in heard])
        detail["clean" if decibels is None else f"noise_{decibels:.0f}_db"] = {
            key: round(value, 4) for key, value in scores.items()
        }
    figures = {"attention_f1_200ms": detail["clean"]["f1_starts"], "detail": detail}
    output.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
