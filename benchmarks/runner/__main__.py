"""Measure everything that is to be shown of the runner, and write it down.

python -m benchmarks.runner [--only short,leak] [--rounds 3] [--output build/figures/runner.json]
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from . import growth, hallucination, leak, real_speech, speed, split, word_errors
from .bars import keys, table
from .machine import described
from .results import failed, loaded, merged, write
from .sides import ROOT, WORK, Setting, environment

Measured = tuple[dict[str, float], dict[str, Any]]
"""A part's figures, and the detail that explains them."""

MINUTES = {  # about how long each part takes with three rounds on two quiet cores
    "short": 14.0,
    "mixed": 16.0,
    "long": 8.0,
    "growth": 6.0,
    "same_text": 4.0,
    "word_errors": 4.0,
    "hallucination": 2.0,
    "vad_agreement": 4.0,
    "word_times": 2.0,
    "attention_times": 3.0,
    "diarization": 2.0,
    "leak": 8.0,
    "latency": 3.0,
    "ceiling": 2.0,
    "real_short": 9.0,
    "real_words": 3.0,
    "real_long": 10.0,
    "real_wer": 2.0,
    "split": 2.0,
    "beside_bulk": 4.0,
}
_IN_PLACE: Mapping[str, Callable[[Setting, Callable[[str], None]], Measured]] = {
    "growth": growth.measured,
    "word_errors": word_errors.measured,
    "hallucination": hallucination.measured,
    "leak": leak.measured,
    "detected_language": speed.language_detected,
    "split": split.measured,
}
PARTS = (*MINUTES, "detected_language")


def main() -> int:
    """0 when every part could be measured, whatever the figures; 1 otherwise."""
    arguments = _arguments()
    parts: list[str] = arguments.only
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwinds, so that the command being measured is stopped, too
    timed_parts = (*speed.SETS, *real_speech.SPEEDS)
    minutes = sum(MINUTES.get(part, 2.0) * (arguments.rounds / 3 if part in timed_parts else 1) for part in parts)
    _say(f"about {minutes:.0f} minutes on two quiet cores, and the making of the corpus where it is not there")
    setting = Setting()
    WORK.mkdir(parents=True, exist_ok=True)
    timed = [part for part in parts if part in speed.SETS]
    measures: list[tuple[list[str], Callable[[], Mapping[str, Measured]]]] = []
    if timed:
        measures.append((timed, partial(speed.measured, timed, arguments.rounds, setting, _say)))
    real = [part for part in parts if part in real_speech.PARTS]
    if real:
        measures.append((real, partial(real_speech.measured, real, arguments.rounds, _say)))
    measures += [([part], partial(_single, part, setting)) for part in parts if part not in (*timed, *real)]
    broken = [part for names, measure in measures for part in _recorded(arguments.output, names, measure, setting)]
    results = loaded(arguments.output)
    print(table({key: value for key, value in results.items() if key != "detail"}, gpu=setting.device == "cuda"))
    if broken:
        print(f"could not be measured: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


def _recorded(output: Path, parts: list[str], measure: Callable[[], Mapping[str, Measured]], setting: Setting) -> list[str]:
    """Measure some parts and write them down at once; those that failed. A part that fails stops no other."""
    _say(f"{', '.join(parts)} …")
    context = {"measured": described(), "setting": asdict(setting)}  # parts on another model put their own setting in its place
    outcomes: Mapping[str, Measured] = {}
    message = ""
    try:
        outcomes = measure()
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        _say(f"FAILED: {message}")
    results = loaded(output)
    for part in parts:
        if part in outcomes:
            figures, detail = outcomes[part]
            results = merged(results, part, figures, context | detail)
        else:
            results = failed(results, part, message, context)
    write(output, results)
    return [part for part in parts if part not in outcomes]


def _single(part: str, setting: Setting) -> Mapping[str, Measured]:
    return {part: _IN_PLACE[part](setting, _say) if part in _IN_PLACE else _program(part)}


def _program(part: str) -> Measured:
    """Run `python -m benchmarks.runner.PART --output FILE`, which loads models itself. Raises RuntimeError if it fails."""
    output = WORK / f"{part}.json"
    output.unlink(missing_ok=True)
    line = [sys.executable, "-m", f"benchmarks.runner.{part}", "--output", str(output)]
    done = subprocess.run(line, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode or not output.exists():
        raise RuntimeError(
            f"benchmarks.runner.{part} ended with {done.returncode}:\n{done.stdout.decode(errors='replace')[-1500:]}"
        )
    written = json.loads(output.read_text(encoding="utf-8"))
    detail = written.pop("detail", {}) | {key: value for key, value in written.items() if key not in keys(part)}
    return {key: written[key] for key in keys(part) if key in written}, detail


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.runner", description="our runner beside the stock whisperx command"
    )
    parser.add_argument(
        "--only", type=_parts, default=list(MINUTES), metavar="PART,…", help=f"{', '.join(PARTS)}; default: all but the last"
    )
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the timed parts; default: %(default)s")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "figures" / "runner.json", metavar="FILE")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds must be at least 1")
    return arguments


def _parts(text: str) -> list[str]:
    unknown = sorted(set(text.split(",")) - set(PARTS))
    if unknown:
        raise argparse.ArgumentTypeError(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    return [part for part in PARTS if part in text.split(",")]


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
