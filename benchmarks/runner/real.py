"""What the parts on real Whisper share: the model, fetched where it is not there, and how text is compared with what was said."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import jiwer

from .sides import Setting, Words
from .transcripts import counted


def setting(words: Words = "none") -> Setting:
    """Whisper base, int8, beam 5, as `words` says. Raises what dev.cluster.models raises where the model cannot be had."""
    from dev.cluster import models
    from dev.cluster.progress import Progress

    models.prepare(Progress(1))
    return Setting(model=str(models.FOLDER / models.WHISPER_BASE), words=words)


@cache
def _normaliser() -> Any:
    from transformers.models.whisper.english_normalizer import EnglishTextNormalizer

    return EnglishTextNormalizer({})


def words_of(text: str) -> list[str]:
    """English words as Whisper's authors compare them: numbers as digits, contractions spelled out, no marks, no case."""
    return str(_normaliser()(text)).split()


def error_rate(references: Sequence[str], heard: Sequence[str]) -> float:
    """Word errors over words said, all files as one. Raises ValueError for a reference without words."""
    return float(jiwer.wer([" ".join(words_of(one)) for one in references], [" ".join(words_of(one)) for one in heard]))


def word_errors(reference: str, heard: str) -> tuple[int, int]:
    """How many words of one file are wrong, missing or too many, and how many its reference has."""
    return counted(" ".join(words_of(reference)), " ".join(words_of(heard)))
