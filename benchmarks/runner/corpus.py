"""The files that both sides are given, with what is said in them: made once, deterministic, kept in build/bench/corpus.

python -m benchmarks.runner.corpus   # makes all sets
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.training.espeak import SAMPLE_RATE
from models.training.heldout import samples
from models.training.synthesise import write_audio

from .calls import conversation, short_call
from .wordless import wordless

FOLDER = Path(__file__).resolve().parents[2] / "build" / "bench" / "corpus"
SEED = 20_261_123
VERSION = 1
"""Raise it when the making changes, so that old files are not used."""

_MANIFEST = "manifest.json"
_HELD_OUT = 384
_HELD_OUT_SEED = 2026  # as models.evaluate takes them


@dataclass(frozen=True)
class Recording:
    """A file, its length in seconds, its language and the words said; no language and no words where nobody speaks."""

    path: Path
    seconds: float
    language: str
    text: str


Made = tuple[NDArray[np.float32], str, str, str]
"""Samples at 16 kHz, name of the file, language, text."""


def _rng(name: str, index: int) -> random.Random:
    return random.Random(f"{SEED}/{name}/{index}")


def _short(index: int) -> Made:
    audio, text = short_call(_rng("short", index), "en")
    return audio, f"short-{index:04}.{'mp3' if index % 4 == 3 else 'wav'}", "en", text


def _two_minutes(index: int) -> Made:
    audio, text = conversation(_rng("two-minutes", index), "en", 120.0)
    return audio, f"two-minutes-{index:02}.{'mp3' if index % 4 == 3 else 'wav'}", "en", text


def _quarter_hour(index: int) -> Made:
    audio, text = conversation(_rng("quarter-hour", index), "en", 900.0)
    return audio, f"quarter-hour-{index}.wav", "en", text


def _wordless(index: int) -> Made:
    kind, audio = wordless(index, SEED)
    return audio, f"wordless-{index:02}-{kind}.wav", "", ""


SETS: dict[str, tuple[int, Callable[[int], Made]]] = {
    "short": (2000, _short),
    "two-minutes": (10, _two_minutes),
    "quarter-hour": (3, _quarter_hour),
    "wordless": (30, _wordless),
}
"""How many files, and how each is made. `heldout` is one more, made as one piece."""


def recordings(name: str, count: int | None = None) -> list[Recording]:
    """The first `count` files of a set ("short", "two-minutes", "quarter-hour", "wordless", "heldout"), made if not there."""
    total = _HELD_OUT if name == "heldout" else SETS[name][0]
    make = _held_out if name == "heldout" else partial(_all, name)
    files = kept(name, {"version": VERSION, "seed": SEED, "count": total}, make)
    if count is not None and count > len(files):
        raise ValueError(f"the set {name} has {len(files)} files, not {count}")
    return files[:count]


def kept(name: str, recipe: Mapping[str, Any], make: Callable[[Path], Iterable[Recording]]) -> list[Recording]:
    """The files of a set, made into its folder unless they are there, made by the same recipe (plain JSON)."""
    folder = FOLDER / name
    manifest = folder / _MANIFEST
    if not manifest.exists() or json.loads(manifest.read_text(encoding="utf-8"))["recipe"] != recipe:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        rows = [asdict(row) | {"path": row.path.name} for row in make(folder)]
        text = json.dumps({"recipe": recipe, "files": rows}, indent=0, ensure_ascii=False)
        manifest.write_text(text + "\n", encoding="utf-8")  # last: a set without it is made anew
    files = json.loads(manifest.read_text(encoding="utf-8"))["files"]
    return [Recording(**row | {"path": folder / row["path"]}) for row in files]


def mixed() -> list[Recording]:
    """100 short files, 10 of two minutes and 1 of a quarter of an hour, shuffled."""
    files = recordings("short", 100) + recordings("two-minutes") + recordings("quarter-hour", 1)
    random.Random(SEED).shuffle(files)
    return files


def long() -> list[Recording]:
    """Two files of a quarter of an hour, other ones than in the mixed set."""
    return recordings("quarter-hour")[1:]


def _written(made: Made, folder: Path) -> Recording:
    audio, name, language, text = made
    loudest = float(np.abs(audio).max())
    write_audio(audio / np.float32(max(1.0, loudest)), folder / name)
    return Recording(folder / name, round(len(audio) / SAMPLE_RATE, 3), language, text)


def _one(task: tuple[str, int, Path]) -> Recording:
    name, index, folder = task
    return _written(SETS[name][1](index), folder)


def _all(name: str, folder: Path) -> list[Recording]:
    tasks = [(name, index, folder) for index in range(SETS[name][0])]
    with multiprocessing.Pool(len(os.sched_getaffinity(0))) as pool:
        return pool.map(_one, tasks, chunksize=1)


def _held_out(folder: Path) -> Iterator[Recording]:
    for index, sample in enumerate(samples(_HELD_OUT, _HELD_OUT_SEED)):
        yield _written((sample.audio, f"heldout-{index:03}.wav", sample.language, sample.text), folder)


def main() -> None:
    for name in (*SETS, "heldout"):
        files = recordings(name)
        seconds = sum(file.seconds for file in files)
        print(f"{name}: {len(files)} files, {seconds / 60:.1f} min, in {files[0].path.parent}", flush=True)


if __name__ == "__main__":
    main()
