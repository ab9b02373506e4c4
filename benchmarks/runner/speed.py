"""How long whole commands take, side by side: rounds that alternate, medians, and the same less the start-up.

The start-up is what the same command takes over one short file: interpreter, imports, models, and that file. It is taken
from both sides in the same way, so "steady" compares what n-1 files cost once everything is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

from .corpus import Recording, long, mixed, recordings
from .sides import SIDES, Run, Setting, Side, run

SETS: dict[str, Callable[[], list[Recording]]] = {"short": lambda: recordings("short", 200), "mixed": mixed, "long": long}

STEADY = "medians of whole commands, less those of the same command over one short file, on both sides alike"

Walls = Mapping[Side, Sequence[float]]
"""Wall times of each side, in seconds, one a round."""


def speedups(name: str, whole: Walls, startup: Walls) -> dict[str, float]:
    """`name`_speedup and `name`_speedup_steady: stock's median time over ours, start-up in and start-up out.

    Raises ValueError when a command took no longer than its start-up: the difference is then noise, no figure.
    """
    steady = {side: median(whole[side]) - median(startup[side]) for side in SIDES}
    if min(steady.values()) <= 0:
        raise ValueError(f"{name}: the whole command took no longer than one file: {dict(whole)} against {dict(startup)} s")
    return {
        f"{name}_speedup": median(whole["stock"]) / median(whole["ours"]),
        f"{name}_speedup_steady": steady["stock"] / steady["ours"],
    }


def order(index: int) -> tuple[Side, ...]:
    """Who goes first takes turns."""
    return SIDES if index % 2 else SIDES[::-1]


def measured(
    names: Sequence[str], rounds: int, setting: Setting, say: Callable[[str], None], language: str | None = "en"
) -> dict[str, tuple[dict[str, float], dict[str, Any]]]:
    """For each set named: its figures, and the detail that explains them."""
    sets = {"start-up": recordings("short", 1)} | {name: SETS[name]() for name in names}
    runs: dict[str, dict[Side, list[Run]]] = {name: {side: [] for side in SIDES} for name in sets}
    for index in range(rounds):
        for name, files in sets.items():
            for side in order(index):
                done = run(side, files, setting, language)
                runs[name][side].append(done)
                say(f"round {index + 1} of {rounds}, {name}, {side}: {done.usage.wall_seconds:.1f} s")
    walls = {name: {side: [one.usage.wall_seconds for one in runs[name][side]] for side in SIDES} for name in sets}
    result = {}
    for name in names:
        detail: dict[str, Any] = {"rounds": rounds, "language": language or "detected", "files": len(sets[name])}
        detail |= {side: explained(runs[name][side], sets[name]) for side in SIDES}
        detail["steady"] = STEADY
        detail["start-up"] = {side: explained(runs["start-up"][side], sets["start-up"]) for side in SIDES}
        result[name] = speedups(name, walls[name], walls["start-up"]), detail
    return result


def language_detected(setting: Setting, say: Callable[[str], None]) -> tuple[dict[str, float], dict[str, Any]]:
    """The short set once more, its language not told: for comparison alone, so its figures go into the detail."""
    figures, detail = measured(["short"], 1, setting, say, language=None)["short"]
    return {}, {**figures, **detail}


def explained(runs: Sequence[Run], files: Sequence[Recording]) -> dict[str, Any]:
    """Times, memory and stages of runs of one side over the same files."""
    wall = median(one.usage.wall_seconds for one in runs)
    seconds = sum(file.seconds for file in files)
    stages = {"stage_seconds": runs[-1].stage_seconds} if runs[-1].stage_seconds else {}
    return stages | {
        "median_wall_seconds": round(wall, 2),
        "wall_seconds": [round(one.usage.wall_seconds, 2) for one in runs],
        "median_cpu_seconds": round(median(one.usage.cpu_seconds for one in runs), 2),
        "peak_memory_mb": round(max(one.usage.peak_bytes for one in runs) / 1e6),
        "audio_seconds": round(seconds, 1),
        "audio_seconds_per_second": round(seconds / wall, 2),
    }
