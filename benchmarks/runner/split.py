"""Two-channel calls in which both talk at once: is each side's text as good as alone, and is every word given to its own side?

Our command over 20 calls with `--channels split`, and over each side of them as a file of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from . import natural
from .real import error_rate, setting, words_of
from .sides import Setting, run
from .transcripts import transcript

RUN_WORDS = 3
"""So many words in a row that the other side says, and its own does not, are the other side's words."""

Word = dict[str, Any]


def strangers(words: Sequence[str], own: Sequence[str], other: Sequence[str]) -> int:
    """How many of `words` stand in a row of three that the other side says and their own side does not."""
    known, foreign = _rows(own), _rows(other) - _rows(own)
    rows = [tuple(words[place : place + RUN_WORDS]) for place in range(len(words) - RUN_WORDS + 1)]
    wrong = {place + step for place, row in enumerate(rows) if row in foreign - known for step in range(RUN_WORDS)}
    return len(wrong)


def _rows(words: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(words[place : place + RUN_WORDS]) for place in range(len(words) - RUN_WORDS + 1)}


def judged(words: Sequence[Word], said: dict[str, str]) -> tuple[int, int]:
    """(words whose speaker is their own side, all words). `said`: what each speaker says. A word without speaker is wrong."""
    total, right = len(words), 0
    for speaker, other in zip(said, reversed(said), strict=True):
        heard = [word for one in words if one.get("speaker") == speaker for word in words_of(one["word"]) or [""]]
        mine = sum(one.get("speaker") == speaker for one in words)
        right += max(0, mine - strangers(heard, words_of(said[speaker]), words_of(said[other])))
    return right, total


def measured(_: Setting, say: Callable[[str], None]) -> tuple[dict[str, float], dict[str, Any]]:
    """Word error rates by speaker, of the calls and of the sides alone; the share of words that are given to their own side."""
    calls = natural.calls()
    alone = setting("attention")
    names = natural.SIDES
    together = replace(alone, only_ours=("--channels", "split", "--channel-names", ",".join(names)))
    done = run("ours", [call.both for call in calls], together)
    texts: dict[str, list[str]] = {name: [] for name in names}
    right = total = 0
    for call in calls:
        written = transcript(done, call.both)
        for name in names:
            texts[name].append(" ".join(part["text"].strip() for part in written["segments"] if part.get("speaker") == name))
        said = {name: side.text for name, side in zip(names, call.sides, strict=True)}
        mine, all_words = judged(written["word_segments"], said)
        right, total = right + mine, total + all_words
    say(f"{len(calls)} calls with two channels: {done.usage.wall_seconds:.0f} s")
    sides = [side for call in calls for side in call.sides]
    single = run("ours", sides, alone)
    single_texts = [" ".join(part["text"].strip() for part in transcript(single, side)["segments"]) for side in sides]
    say(f"their sides alone: {single.usage.wall_seconds:.0f} s")
    split_texts = [text for pair in zip(*texts.values(), strict=True) for text in pair]
    references = [side.text for side in sides]
    figures = {
        "split_wer": error_rate(references, split_texts),
        "split_wer_alone": error_rate(references, single_texts),
        "split_speaker_right": right / total,
    }
    detail = {
        "setting": asdict(together),
        "calls": len(calls),
        "words": total,
        "seconds_split": round(done.usage.wall_seconds, 1),
        "seconds_alone": round(single.usage.wall_seconds, 1),
        "audio_seconds": round(sum(call.both.seconds for call in calls)),
        "differing": [
            {"side": side.path.name, "said": side.text, "split": split, "alone": one}
            for side, split, one in zip(sides, split_texts, single_texts, strict=True)
            if words_of(split) != words_of(one)
        ],
    }
    return figures, detail
