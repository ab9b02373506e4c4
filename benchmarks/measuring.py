"""What every program here does with its parts: choose them, measure each, write it down at once. A failed part stops no other."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .bars import Bar, keys, table
from .results import failed, loaded, merged, write

ROOT = Path(__file__).resolve().parents[1]

Measured = tuple[dict[str, float], dict[str, Any]]
"""A part's figures, and the detail that explains them."""


def chosen(parts: Sequence[str]) -> Callable[[str], list[str]]:
    """An argparse type: some of `parts`, separated by commas, in their own order."""

    def read(text: str) -> list[str]:
        unknown = sorted(set(text.split(",")) - set(parts))
        if unknown:
            raise argparse.ArgumentTypeError(f"no part {', '.join(unknown)}; there are {', '.join(parts)}")
        return [part for part in parts if part in text.split(",")]

    return read


def recorded(
    output: Path,
    bars: Sequence[Bar],
    parts: Sequence[str],
    measure: Callable[[], Mapping[str, Measured]],
    context: Mapping[str, Any],
) -> list[str]:
    """Measure some parts and write them to `output`; those that failed. `context` goes into each part's detail."""
    say(f"{', '.join(parts)} …")
    outcomes: Mapping[str, Measured] = {}
    message = ""
    try:
        outcomes = measure()
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        say(f"FAILED: {message}")
    results = loaded(output)
    for part in parts:
        if part in outcomes:
            figures, detail = outcomes[part]
            results = merged(bars, results, part, figures, {**context, **detail})
        else:
            results = failed(bars, results, part, message, context)
    write(output, results)
    return [part for part in parts if part not in outcomes]


def shown(output: Path, bars: Sequence[Bar], broken: Sequence[str], *, gpu: bool = False) -> int:
    """Print the table of all figures in `output`; the exit status: 0 when every part could be measured, whatever the figures."""
    results = loaded(output)
    print(table(bars, {key: value for key, value in results.items() if key != "detail"}, gpu=gpu))
    if broken:
        print(f"could not be measured: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


def program(
    module: str, output: Path, bars: Sequence[Bar], arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Measured:
    """Run `python -m MODULE ARGUMENTS --output FILE`, a part that needs a process of its own. Raises RuntimeError if it fails."""
    output.parent.mkdir(parents=True, exist_ok=True)
    output.unlink(missing_ok=True)
    line = [sys.executable, "-m", module, *arguments, "--output", str(output)]
    done = subprocess.run(line, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode or not output.exists():
        raise RuntimeError(f"{module} ended with {done.returncode}:\n{done.stdout.decode(errors='replace')[-1500:]}")
    written = json.loads(output.read_text(encoding="utf-8"))
    names = keys(bars, module.rpartition(".")[2])
    detail = written.pop("detail", {}) | {key: value for key, value in written.items() if key not in names}
    return {key: written[key] for key in names if key in written}, detail


def say(line: str) -> None:
    """A line of progress."""
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)
