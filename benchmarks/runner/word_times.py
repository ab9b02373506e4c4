"""How near word times come to the truth, ours beside whisperx's: words said one by one at offsets that we chose.

python -m benchmarks.runner.word_times --output build/bench/word_times.json
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from models.training.espeak import SAMPLE_RATE
from models.training.heldout import Sample, one_by_one
from transcription_api.speech import Alignment
from transcription_runner.engine.words.align import Aligner, Spoken

from .sides import Setting, environment

MODEL = Setting().align_model
FILES, SEED = 80, 4
NEAR_SECONDS = 0.1

Times = list[tuple[float, float]]


def f1(found: list[Times], true: list[Times]) -> float:
    """Words whose start and end both lie within 100 ms of the truth: the harmonic mean of precision and recall."""
    near = sum(
        abs(start - begin) <= NEAR_SECONDS and abs(end - finish) <= NEAR_SECONDS
        for words, spans in zip(found, true, strict=True)
        for (start, end), (begin, finish) in zip(words, spans, strict=False)
    )
    return 2 * near / (sum(map(len, found)) + sum(map(len, true)))


def ours(samples: list[Sample]) -> tuple[list[Times], int, int]:
    """Our times for the true text, all files in one call; words outside their segment; words that end before they start."""
    asked = Alignment(model=MODEL)
    chunks = [Spoken(0.0, _seconds(one), one.text, 0.0, one.language, one.audio, asked) for one in samples]
    answers = Aligner("cpu").align(chunks)
    found: list[Times] = []
    outside = reversed_ = 0
    for answer in answers:
        times: Times = []
        for segment in answer.segments:
            for word in segment.words:
                start, end = word.start or 0.0, word.end or 0.0
                outside += not segment.start <= start <= end <= segment.end
                reversed_ += end < start or bool(times and start < times[-1][0])
                times.append((start, end))
        found.append(times)
    return found, outside, reversed_


def stock(samples: list[Sample]) -> list[Times]:
    """whisperx's times for the true text."""
    import whisperx

    loaded = {code: whisperx.load_align_model(code, "cpu", model_name=MODEL) for code in ("en", "es")}
    return [[*_aligned(one, *loaded[one.language])] for one in samples]


def _aligned(sample: Sample, network: Any, metadata: dict[str, Any]) -> Iterable[tuple[float, float]]:
    import whisperx

    segment = {"start": 0.0, "end": _seconds(sample), "text": sample.text}
    for word in whisperx.align([segment], network, metadata, sample.audio, "cpu")["word_segments"]:
        if "start" in word and "end" in word:
            yield word["start"], word["end"]


def _seconds(sample: Sample) -> float:
    return len(sample.audio) / SAMPLE_RATE


def main() -> None:
    parser = argparse.ArgumentParser(description="word times of ours and of whisperx against the truth")
    parser.add_argument("--output", type=Path, required=True)
    output: Path = parser.parse_args().output
    os.environ.update(environment())
    samples = one_by_one(FILES, SEED)
    # The last word of a file lasts to the chunk's end by whisperx's rule, which ours follows: its end says nothing of either.
    true = [[(word.start, word.end) for word in one.words][:-1] for one in samples]
    found, outside, reversed_ = ours(samples)
    figures = {
        "f1_100ms_ours": round(f1([words[:-1] for words in found], true), 4),
        "f1_100ms_stock": round(f1([words[:-1] for words in stock(samples)], true), 4),
        "words_outside": outside,
        "words_reversed": reversed_,
        "detail": {"files": FILES, "seed": SEED, "words": sum(map(len, true)), "near_seconds": NEAR_SECONDS},
    }
    output.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
