"""How far our voice activity detection, with its wider steps and shared batches, agrees with whisperx's own.

python -m benchmarks.runner.vad_agreement --output build/bench/vad_agreement.json
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transcription_api.speech import Vad
from transcription_runner.engine.audio import Audio
from transcription_runner.engine.detection.vad import SpeechFinder
from transcription_runner.surroundings import available_threads

from .corpus import Recording, mixed, recordings

SETTINGS = Vad()
SEED = 5

Regions = Iterable[tuple[float, float]]


def frames(regions: Regions, seconds: float) -> NDArray[np.bool_]:
    """Speech or not, for each 10 ms."""
    speech = np.zeros(int(seconds * 100), bool)
    for start, end in regions:
        speech[round(start * 100) : round(end * 100)] = True
    return speech


def agreement(ours: Sequence[Regions], stock: Sequence[Regions], seconds: Sequence[float]) -> float:
    """The share of 10 ms frames, over all sounds, on which both say the same."""
    same = [frames(one, length) == frames(other, length) for one, other, length in zip(ours, stock, seconds, strict=True)]
    return float(np.concatenate(same).mean())


def sounds() -> dict[str, list[Audio]]:
    """Speech of all lengths, the same with noise, and what is no speech."""
    rng, noise = random.Random(SEED), np.random.default_rng(SEED)
    mixture = mixed()
    speech = [*map(_sound, recordings("short", 40)), *map(_sound, [one for one in mixture if 60 < one.seconds < 300][:3])]
    speech.append(_sound(max(mixture, key=lambda one: one.seconds)))
    noisy = []
    for one in speech[:43]:
        level = one.samples.std() * 10 ** (-rng.uniform(5, 20) / 20)
        mixed_in = one.samples + noise.normal(0, level, len(one.pcm))
        noisy.append(Audio((np.clip(mixed_in, -1, 1) * 32767).astype(np.int16)))
    return {"speech": speech, "noisy speech": noisy, "no speech": [*map(_sound, recordings("wordless", 30))]}


def _sound(recording: Recording) -> Audio:
    from whisperx.audio import load_audio

    return Audio((load_audio(str(recording.path)) * 32768).astype(np.int16))


def stock(chosen: Sequence[Audio]) -> tuple[list[Regions], list[Regions]]:
    """whisperx's regions of speech, and the chunks that it merges them to."""
    import torch
    from whisperx.vads.pyannote import Binarize, Pyannote

    limits: dict[str, Any] = {"onset": SETTINGS.onset, "offset": SETTINGS.offset}
    detector = Pyannote(torch.device("cpu"), vad_onset=SETTINGS.onset, vad_offset=SETTINGS.offset)
    regions: list[Regions] = []
    chunks: list[Regions] = []
    for one in chosen:
        scores = detector({"waveform": torch.from_numpy(one.samples)[None], "sample_rate": 16_000})
        found = Binarize(max_duration=SETTINGS.chunk_size, **limits)(scores).get_timeline()
        regions.append([(region.start, region.end) for region in found])
        merged = detector.merge_chunks(scores, SETTINGS.chunk_size, **limits)
        chunks.append([(chunk["start"], chunk["end"]) for chunk in merged])
    return regions, chunks


def main() -> None:
    parser = argparse.ArgumentParser(description="agreement of our VAD with whisperx's")
    parser.add_argument("--output", type=Path, required=True)
    output: Path = parser.parse_args().output
    finder = SpeechFinder("cpu", available_threads())
    chosen = sounds()
    every = [one for group in chosen.values() for one in group]
    asked = [(one, SETTINGS) for one in every]
    began = time.monotonic()
    theirs, their_chunks = stock(every)
    turned = time.monotonic()
    ours = [[(part.start, part.end) for part in found] for found in finder._pyannote(asked)]
    ended = time.monotonic()
    our_chunks = [[(part.start, part.end) for part in found] for found in finder.find(asked)]
    seconds = [one.seconds for one in every]
    detail: dict[str, Any] = {"sounds": len(every), "audio_seconds": round(sum(seconds))}
    detail |= {"stock_seconds": round(turned - began, 1), "our_seconds": round(ended - turned, 1)}
    detail["chunks_agree"] = round(agreement(our_chunks, their_chunks, seconds), 5)
    first = 0
    for name, group in chosen.items():
        part = slice(first, first + len(group))
        detail[name] = round(agreement(ours[part], theirs[part], seconds[part]), 5)
        first += len(group)
    figures = {"vad_agreement": round(agreement(ours, theirs, seconds), 5), "detail": detail}
    output.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
