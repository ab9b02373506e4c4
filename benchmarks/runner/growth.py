"""How our cost grows with the number of files: 1,000 files beside 200, in time and in peak memory."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

from .corpus import recordings
from .sides import Run, Setting, run
from .speed import explained

_FEW, _MANY = 200, 1000


def growth(few: list[Run], many: list[Run], times: float) -> dict[str, float]:
    """`time_growth`: median time of many over `times` that of few; `memory_growth`: peak of many over peak of few.

    Whole commands: the start-up, paid once on both sides of the ratio, is part of what a user waits for.
    """
    return {
        "time_growth": median(one.usage.wall_seconds for one in many) / (times * median(one.usage.wall_seconds for one in few)),
        "memory_growth": median(one.usage.peak_bytes for one in many) / median(one.usage.peak_bytes for one in few),
    }


def measured(setting: Setting, say: Callable[[str], None]) -> tuple[dict[str, float], dict[str, Any]]:
    """Few, many, few: a machine that slows down meanwhile shows in both."""
    runs: dict[int, list[Run]] = {_FEW: [], _MANY: []}
    for count in (_FEW, _MANY, _FEW):
        runs[count].append(run("ours", recordings("short", count), setting))
        say(f"{count} files: {runs[count][-1].usage.wall_seconds:.1f} s, {runs[count][-1].usage.peak_bytes / 1e6:.0f} MB")
    once = run("ours", recordings("short", 1), setting).usage.wall_seconds
    few, many = (median(one.usage.wall_seconds for one in runs[count]) - once for count in (_FEW, _MANY))
    detail: dict[str, Any] = {str(count): explained(done, recordings("short", count)) for count, done in runs.items()}
    detail["time_growth_steady"] = round(many / (few * _MANY / _FEW), 4)
    return growth(runs[_FEW], runs[_MANY], _MANY / _FEW), detail
