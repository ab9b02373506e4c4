"""Measure everything that is to be shown of the runner, and write it down.

python -m benchmarks.runner [--only short,leak] [--rounds 3] [--output build/figures/runner.json]
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

from ..machine import described
from ..measuring import Measured, chosen, program, recorded, say, shown
from . import growth, hallucination, leak, real_speech, speed, split, word_errors
from .bars import BARS
from .sides import ROOT, WORK, Setting, environment

_PROGRAMS = ("espeak-ng", "ffmpeg")
"""The corpus is spoken by the one, and stock whisperx decodes by the other."""
_LIBRARIES = ("whisperx", "faster-whisper", "ctranslate2", "torch", "pyannote.audio", "numba")
MINUTES = {  # about how long each part takes with three rounds on two quiet cores
    "short": 14.0,
    "mixed": 16.0,
    "long": 8.0,
    "growth": 6.0,
    "same_text": 4.0,
    "word_errors": 11.0,
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
    "real_wer": 10.0,
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
    say(f"about {minutes:.0f} minutes on two quiet cores, and the making of the corpus where it is not there")
    setting = Setting()
    WORK.mkdir(parents=True, exist_ok=True)
    timed = [part for part in parts if part in speed.SETS]
    measures: list[tuple[list[str], Callable[[], Mapping[str, Measured]]]] = []
    if timed:
        measures.append((timed, partial(speed.measured, timed, arguments.rounds, setting, say)))
    real = [part for part in parts if part in real_speech.PARTS]
    if real:
        measures.append((real, partial(real_speech.measured, real, arguments.rounds, say)))
    measures += [([part], partial(_single, part, setting)) for part in parts if part not in (*timed, *real)]
    broken = [
        part
        for names, measure in measures
        # Parts on another model put their own setting in its place.
        for part in recorded(
            arguments.output, BARS, names, measure, {"measured": described(_LIBRARIES), "setting": asdict(setting)}
        )
    ]
    return shown(arguments.output, BARS, broken, gpu=setting.device == "cuda")


def _single(part: str, setting: Setting) -> Mapping[str, Measured]:
    if part in _IN_PLACE:
        return {part: _IN_PLACE[part](setting, say)}
    return {part: program(f"benchmarks.runner.{part}", WORK / f"{part}.json", BARS, environment=environment())}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.runner", description="our runner beside the stock whisperx command"
    )
    parser.add_argument(
        "--only",
        type=chosen(PARTS),
        default=list(MINUTES),
        metavar="PART,…",
        help=f"{', '.join(PARTS)}; default: all but the last",
    )
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the timed parts; default: %(default)s")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "figures" / "runner.json", metavar="FILE")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds must be at least 1")
    if missing := [program for program in _PROGRAMS if shutil.which(program) is None]:
        parser.error(f"{' and '.join(missing)} cannot be found: apt-get install {' '.join(missing)}")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
