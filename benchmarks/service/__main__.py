"""Measure everything that is to be shown of the service, and write it down.

python -m benchmarks.service [--only concurrency,peer] [--rounds 3] [--output build/figures/service.json]
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from ..machine import described
from ..measuring import ROOT, Measured, chosen, recorded, say, shown
from ..runner.sides import WORK
from . import beside_upload, live, live_drift, overload, turns
from .bars import BARS

_LIBRARIES = ("whisperx", "faster-whisper", "ctranslate2", "torch", "fastapi", "uvicorn", "httpx2")
Measure = Callable[[Sequence[str], int, Callable[[str], None]], Mapping[str, Measured]]
"""Given the names of parts that are measured together, the number of rounds, and whom to tell how far it is."""
PARTS: Mapping[str, Measure] = {
    "concurrency": turns.measured,
    "peer": turns.measured,
    "beside_upload": beside_upload.measured,
    "overload": overload.measured,
    "live": live.measured,
    "live_drift": live_drift.measured,
}
MINUTES = {"concurrency": 6.0, "peer": 5.0, "beside_upload": 15.0, "overload": 5.0, "live": 20.0, "live_drift": 15.0}
"""About how long each takes with three rounds on two quiet cores."""


def together(parts: Sequence[str]) -> list[tuple[Measure, list[str]]]:
    """The parts by what measures them: those that share their rounds are measured once for all."""
    groups: dict[Measure, list[str]] = {}
    for part in parts:
        groups.setdefault(PARTS[part], []).append(part)
    return list(groups.items())


def main() -> int:
    """0 when every part could be measured, whatever the figures; 1 otherwise."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwinds, so that the servers being measured are stopped, too
    minutes = sum(MINUTES[part] * (1 if part == "overload" else arguments.rounds / 3) for part in arguments.only)
    say(f"about {minutes:.0f} minutes on two quiet cores, and the making of the corpus where it is not there")
    WORK.mkdir(parents=True, exist_ok=True)
    broken = [
        part
        for measure, parts in together(arguments.only)
        for part in recorded(
            arguments.output, BARS, parts, partial(measure, parts, arguments.rounds, say), {"measured": described(_LIBRARIES)}
        )
    ]
    return shown(arguments.output, BARS, broken)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.service", description="the service beside itself, idle, and beside a wrapper of stock whisperx"
    )
    parts = tuple(PARTS)
    parser.add_argument("--only", type=chosen(parts), default=list(parts), metavar="PART,…", help=", ".join(parts))
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the ratios; default: %(default)s")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "figures" / "service.json", metavar="FILE")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds must be at least 1")
    if "peer" in arguments.only and shutil.which("ffmpeg") is None:
        parser.error("ffmpeg, by which the peer decodes, cannot be found: apt-get install ffmpeg")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
