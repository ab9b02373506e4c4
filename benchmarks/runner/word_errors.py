"""Word error rates of both commands on voices and sentences that the model was not trained on, in English and Spanish.

Where the two texts of a file differ, who is right is nearly a toss of a coin: with 96 files the difference between the sides has
a standard error of half a point. So there are 384, and the detail tells how sure the difference is.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from .corpus import recordings
from .sides import SIDES, Setting, run
from .transcripts import texts, word_error_rate, word_errors

RESAMPLED = 2000
SEED = 20_261_201


def measured(setting: Setting, say: Callable[[str], None]) -> tuple[dict[str, float], dict[str, Any]]:
    """One command a side and language, since stock aligns one language a command when it is given a model."""
    detail: dict[str, Any] = {}
    figures: dict[str, float] = {}
    errors: dict[str, list[int]] = {}
    words: list[int] = []
    for side in SIDES:
        said: list[str] = []
        heard: list[str] = []
        for language in ("en", "es"):
            files = [file for file in recordings("heldout") if file.language == language]
            now = texts(run(side, files, setting, language), files)
            detail[f"wer_{side}_{language}"] = round(word_error_rate([file.text for file in files], now), 4)
            said += [file.text for file in files]
            heard += now
            say(f"{side}, {len(files)} files in {language}: WER {detail[f'wer_{side}_{language}']:.2%}")
        counted = [word_errors(one, other) for one, other in zip(said, heard, strict=True)]
        errors[side], words = [wrong for wrong, _ in counted], [of for _, of in counted]
        figures[f"wer_{side}"] = word_error_rate(said, heard)
    low, high = interval([ours - stock for ours, stock in zip(errors["ours"], errors["stock"], strict=True)], words)
    detail["ours_above_stock_95_percent"] = [round(low, 4), round(high, 4)]
    detail["files_with_fewer_and_more_errors_than_stock"] = [
        sum(ours < stock for ours, stock in zip(errors["ours"], errors["stock"], strict=True)),
        sum(ours > stock for ours, stock in zip(errors["ours"], errors["stock"], strict=True)),
    ]
    return figures, detail | {"files": len(words), "words": sum(words)}


def interval(more: Sequence[int], words: Sequence[int]) -> tuple[float, float]:
    """Where 95 of 100 differences of the word error rate lie, if the files are drawn anew from themselves (the bootstrap).

    `more`: how many more errors one side has in each file; `words`: how many were said in it.
    """
    rng, files = random.Random(SEED), range(len(words))
    found = []
    for _ in range(RESAMPLED):
        drawn = rng.choices(files, k=len(files))
        found.append(sum(more[file] for file in drawn) / sum(words[file] for file in drawn))
    found.sort()
    return found[RESAMPLED // 40], found[-RESAMPLED // 40]
