"""The results file: flat figures, and under `detail` what explains them. Parts measured later replace their own figures alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .bars import Bar, keys

Results = dict[str, Any]


def loaded(path: Path) -> Results:
    """What the file holds; empty results if it is not there."""
    results: Results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return results | {"detail": results.get("detail", {})}


def merged(bars: Sequence[Bar], results: Results, part: str, figures: Mapping[str, float], detail: Mapping[str, Any]) -> Results:
    """`results` with a part's figures (4 digits after the point) and detail in place of its earlier ones.

    Raises ValueError if the figures are not those that the part is to give.
    """
    if set(figures) != set(keys(bars, part)):
        raise ValueError(f"the part {part} gave {sorted(figures)}, and should give {sorted(keys(bars, part))}")
    return _ordered(bars, results | {key: round(float(value), 4) for key, value in figures.items()}, part, detail)


def failed(bars: Sequence[Bar], results: Results, part: str, message: str, detail: Mapping[str, Any]) -> Results:
    """`results` without the figures of a part that could not be measured: an old figure would pass for a new one."""
    kept = {key: value for key, value in results.items() if key not in keys(bars, part)}
    return _ordered(bars, kept, part, {"failed": message, **detail})


def _ordered(bars: Sequence[Bar], results: Results, part: str, detail: Mapping[str, Any]) -> Results:
    flat = {bar.key: results[bar.key] for bar in bars if bar.key in results}
    return flat | {"detail": results["detail"] | {part: dict(detail)}}


def write(path: Path, results: Results) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(path)
