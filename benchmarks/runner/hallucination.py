"""Words heard where nobody speaks, in 30 files of silence, noise and music: each is wrong, and is at least to be flagged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .corpus import recordings
from .sides import SIDES, Setting, run
from .transcripts import normalised, transcript


def split_by_flag(written: dict[str, Any]) -> tuple[list[str], list[str]]:
    """(flagged, unflagged) words of one JSON: a segment is flagged if a span under `transcription.suspected` overlaps it."""
    suspected = written.get("transcription", {}).get("suspected") or []
    flagged: list[str] = []
    unflagged: list[str] = []
    for segment in written["segments"]:
        hit = any(span["start"] < segment["end"] and segment["start"] < span["end"] for span in suspected)
        (flagged if hit else unflagged).extend(normalised(segment["text"]).split())
    return flagged, unflagged


def measured(setting: Setting, say: Callable[[str], None]) -> tuple[dict[str, float], dict[str, Any]]:
    """Both sides over the wordless files; the figure counts all of our words, flagged or not."""
    files = recordings("wordless")
    minutes = sum(file.seconds for file in files) / 60
    detail: dict[str, Any] = {"files": len(files), "minutes": round(minutes, 2)}
    figures: dict[str, float] = {}
    for side in SIDES:
        done = run(side, files, setting)
        parts = {file.path.name: split_by_flag(transcript(done, file)) for file in files}
        words = {name: len(flagged) + len(unflagged) for name, (flagged, unflagged) in parts.items() if flagged or unflagged}
        rate = sum(words.values()) / minutes
        detail[side] = {
            "words_per_minute": round(rate, 3),
            "flagged_words": sum(len(flagged) for flagged, _ in parts.values()),
            "unflagged_words": sum(len(unflagged) for _, unflagged in parts.values()),
            "words_by_file": words,
        }
        if side == "ours":
            figures["false_words_per_minute"] = rate
        say(f"{side}: {sum(words.values())} words in {minutes:.1f} min without speech")
    return figures, detail
