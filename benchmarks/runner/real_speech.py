"""Real Whisper on natural speech, side by side: whole commands over short files, over one long file, and their word error rates.

Rounds alternate as in speed.py. Our command runs a second time with word times by attention; stock, which has no word times but
by an aligner, runs without. Word error rates are of the first round's outputs: of the timed files, and of single sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from . import natural
from .corpus import Recording
from .real import error_rate, setting
from .real import word_errors as errors_of
from .sides import SIDES, Run, Setting, Side, Words, run
from .speed import explained, order
from .transcripts import transcript
from .word_errors import interval

Measured = tuple[dict[str, float], dict[str, Any]]

SETS: dict[str, Callable[[], list[Recording]]] = {
    "short": natural.short,
    "long": natural.quarter_hour,
    "sentences": natural.sentences,
}
LENGTHS = (6.0, 10.0, 15.0, 20.0)
"""Seconds up to which files count as of one length; longer ones are of one more."""


@dataclass(frozen=True)
class Case:
    """One command over one set of files."""

    files: str
    side: Side
    words: Words = "none"


def _both(files: str) -> tuple[Case, ...]:
    return tuple(Case(files, side) for side in SIDES)


SPEEDS: dict[str, tuple[Case, Case]] = {
    "real_short": (Case("short", "stock"), Case("short", "ours")),
    "real_words": (Case("short", "stock"), Case("short", "ours", "attention")),
    "real_long": (Case("long", "stock"), Case("long", "ours")),
}
"""Of each timed part: whose time is divided by whose."""
COMPARED = (*_both("short"), *_both("sentences"), *_both("long"))
PARTS = (*SPEEDS, "real_wer")


def cases(parts: Sequence[str], number: int) -> list[Case]:
    """What round `number` (from 0 on) runs, each command once; who goes first takes turns. Texts are of the first round."""
    wanted = {case for part in parts if part in SPEEDS for case in SPEEDS[part]}
    wanted |= set(COMPARED) if "real_wer" in parts and number == 0 else set()
    sides = order(number)
    return sorted(wanted, key=lambda case: ([*SETS].index(case.files), sides.index(case.side), case.words))


def measured(parts: Sequence[str], rounds: int, say: Callable[[str], None]) -> dict[str, Measured]:
    """Figures and detail of each part; whole commands take turns in `rounds` rounds."""
    files = {name: SETS[name]() for name in {case.files for case in cases(parts, 0)}}
    settings: dict[Words, Setting] = {case.words: setting(case.words) for case in cases(parts, 0)}
    runs: dict[Case, list[Run]] = {}
    texts: dict[Case, list[str]] = {}
    for number in range(rounds):
        for case in cases(parts, number):
            done = run(case.side, files[case.files], settings[case.words])
            runs.setdefault(case, []).append(done)
            texts.setdefault(case, [_text(done, file) for file in files[case.files]])
            say(f"round {number + 1} of {rounds}, {case.files}, {case.side}, words {case.words}: {done.usage.wall_seconds:.1f} s")
    results: dict[str, Measured] = {}
    for part in parts:
        if part in SPEEDS:
            slow, fast = SPEEDS[part]
            detail: dict[str, Any] = {"rounds": rounds, "files": len(files[slow.files]), "setting": asdict(settings[fast.words])}
            detail["wer"] = {case.side: round(_rate(files[case.files], texts[case]), 5) for case in SPEEDS[part]}
            for case in SPEEDS[part]:
                detail[case.side] = explained(runs[case], files[case.files]) | {"words": case.words}
            results[part] = {f"{part}_speedup": _median(runs[slow]) / _median(runs[fast])}, detail
        else:
            rates_of_sides, explanation = word_errors(files, texts)
            results[part] = rates_of_sides, explanation | {"setting": asdict(settings["none"])}
    return results


def word_errors(files: Mapping[str, Sequence[Recording]], texts: Mapping[Case, Sequence[str]]) -> Measured:
    """`real_wer_ours` and `real_wer_stock` over all sets; in the detail by set, by length, and every text that differs."""
    figures: dict[str, float] = {}
    detail: dict[str, Any] = {}
    every: dict[Side, list[tuple[Recording, str]]] = {side: [] for side in SIDES}
    for case in COMPARED:
        every[case.side] += _heard(files, texts, case)
    for side in SIDES:
        figures[f"real_wer_{side}"] = _wer(every[side])
        named = {case.files: _wer(_heard(files, texts, case)) for case in COMPARED if case.side == side}
        detail[side] = {"wer_by_set": _rounded(named), "wer_by_length": _rounded(by_length(every[side]))}
    detail["files"] = len(every["ours"])
    counted = {side: [errors_of(file.text, text) for file, text in every[side]] for side in SIDES}
    more = [ours - stock for (ours, _), (stock, _) in zip(counted["ours"], counted["stock"], strict=True)]
    words = [of for _, of in counted["ours"]]
    detail["words"] = sum(words)
    detail["ours_above_stock_95_percent"] = [round(bound, 5) for bound in interval(more, words)]
    detail["differing"] = [
        {"file": file.path.name, "said": file.text, "ours": ours, "stock": stock}
        for (file, ours), (_, stock) in zip(every["ours"], every["stock"], strict=True)
        if ours != stock and file.seconds < LENGTHS[-1]
    ]
    return figures, detail


def by_length(heard: Sequence[tuple[Recording, str]]) -> dict[str, float]:
    """The word error rate of files up to 6 s, up to 10 s, and so on."""
    rates: dict[str, float] = {}
    for least, most in zip((0.0, *LENGTHS), (*LENGTHS, float("inf")), strict=True):
        if some := [(file, text) for file, text in heard if least < file.seconds <= most]:
            rates[f"{least:.0f} to {most:.0f} s, {len(some)} files"] = _wer(some)
    return rates


def _heard(
    files: Mapping[str, Sequence[Recording]], texts: Mapping[Case, Sequence[str]], case: Case
) -> list[tuple[Recording, str]]:
    return list(zip(files[case.files], texts[case], strict=True))


def _wer(heard: Sequence[tuple[Recording, str]]) -> float:
    return _rate([file for file, _ in heard], [text for _, text in heard])


def _rate(files: Sequence[Recording], texts: Sequence[str]) -> float:
    return error_rate([file.text for file in files], texts)


def _rounded(rates: Mapping[str, float]) -> dict[str, float]:
    return {name: round(rate, 5) for name, rate in rates.items()}


def _median(runs: Sequence[Run]) -> float:
    return median(one.usage.wall_seconds for one in runs)


def _text(done: Run, file: Recording) -> str:
    """What the side heard, as it wrote it."""
    return " ".join(segment["text"].strip() for segment in transcript(done, file)["segments"])
