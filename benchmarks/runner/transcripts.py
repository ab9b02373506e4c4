"""What a side wrote, read back: its text without marks and case, and its word error rate."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import jiwer

from .corpus import Recording
from .sides import Run, output


def transcript(run: Run, recording: Recording) -> dict[str, Any]:
    """The JSON that the run wrote for a file."""
    loaded: dict[str, Any] = json.loads(output(run.side, run.outputs, recording, "json").read_text(encoding="utf-8"))
    return loaded


def text(written: dict[str, Any]) -> str:
    """The words of all segments, normalised."""
    return normalised(" ".join(segment["text"] for segment in written["segments"]))


def normalised(spoken: str) -> str:
    """Lower case, NFC, without punctuation and symbols, single spaces."""
    folded = unicodedata.normalize("NFC", spoken).lower()
    return " ".join("".join(c if unicodedata.category(c)[0] not in "PS" else " " for c in folded).split())


def word_error_rate(references: Sequence[str], heard: Sequence[str]) -> float:
    """Errors over reference words, all files as one; 0.25 is 25%."""
    return float(jiwer.wer([normalised(line) for line in references], [normalised(line) for line in heard]))


def word_errors(reference: str, heard: str) -> tuple[int, int]:
    """How many words of one file are wrong, missing or too many, and how many its reference has."""
    return counted(normalised(reference), normalised(heard))


def counted(reference: str, heard: str) -> tuple[int, int]:
    """The same for texts that are normalised already."""
    found = jiwer.process_words(reference, heard)
    return found.substitutions + found.deletions + found.insertions, found.hits + found.substitutions + found.deletions


def texts(run: Run, files: Iterable[Recording]) -> list[str]:
    """The normalised text of each file."""
    return [text(transcript(run, file)) for file in files]
