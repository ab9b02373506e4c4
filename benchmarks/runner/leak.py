"""Does one process that works through 2,000 files grow? Resident memory in the last quarter beside that in the second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import mean
from typing import Any

from .corpus import recordings
from .sides import Setting, output, run

_FILES = 2000


def leak_ratio(memory: Sequence[tuple[float, int]], begin: float, end: float) -> tuple[float, list[float]]:
    """Mean of the last quarter of [begin, end] over the mean of the second, and the means of all four, in bytes.

    `memory` holds (time, bytes). The first quarter is left out: caches fill in it.
    Raises ValueError for a quarter without samples.
    """
    quarters: list[list[int]] = [[], [], [], []]
    for time, size in memory:
        if begin <= time < end:
            quarters[int(4 * (time - begin) / (end - begin))].append(size)
    if not all(quarters):
        raise ValueError(f"no memory sample in one of the quarters of {end - begin:.1f} s: too few files, or sampled too seldom")
    means = [mean(quarter) for quarter in quarters]
    return means[3] / means[1], means


def measured(setting: Setting, say: Callable[[str], None]) -> tuple[dict[str, float], dict[str, Any]]:
    """One command over 2,000 files, sampled each second; steady state lasts from the first output written to the last."""
    files = recordings("short", _FILES)
    done = run("ours", files, setting, every=1.0)
    written = [output("ours", done.outputs, file, "json").stat().st_mtime for file in files]
    ratio, means = leak_ratio(done.usage.memory, min(written), max(written))
    say(f"{_FILES} files: {done.usage.wall_seconds:.0f} s, quarters of {', '.join(f'{size / 1e6:.0f} MB' for size in means)}")
    detail = {
        "files": _FILES,
        "wall_seconds": round(done.usage.wall_seconds, 1),
        "mean_memory_mb_by_quarter": [round(size / 1e6, 1) for size in means],
        "peak_memory_mb": round(done.usage.peak_bytes / 1e6),
        "memory_mb_every_ten_seconds": [round(size / 1e6) for _, size in done.usage.memory[::10]],
    }
    return {"leak_ratio": ratio}, detail
