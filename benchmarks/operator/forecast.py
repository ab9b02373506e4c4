"""How far is the end foretold after a tenth of the files from the end that comes?

python -m benchmarks.operator.forecast [--corpora 100] [--output build/figures/forecast.json]

Needs no cluster: files, their lengths and the pods' speeds are drawn by chance, what pods report is made by the runner's tally,
and what the status says by the operator's reconcile (tests/unit/operator/simulated_run.py). Each figure is an error as a share
of the whole run's time.
"""

from __future__ import annotations

import argparse
import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measuring import ROOT
from tests.unit.operator.simulated_run import Miss, SimulatedRun, corpus, miss_of

SHARE = 0.1
"""Of the files, done when the end is foretold."""


@dataclass(frozen=True)
class Setting:
    """Many corpora of one kind."""

    words: str
    files: int
    pods: int
    spread: float = 1.0
    sorted_by_format: bool = False

    def misses(self, corpora: int) -> list[Miss]:
        """One a corpus."""
        found = []
        for seed in range(corpora):
            recordings = corpus(seed, self.files, spread=self.spread, sorted_by_format=self.sorted_by_format)
            found.append(miss_of(SimulatedRun(recordings, seed, pods=self.pods), SHARE))
        return found


SETTINGS = {
    "one_pod": Setting("600 files of mixed lengths and formats, one pod", 600, 1),
    "four_pods": Setting("the same, four pods", 600, 4),
    "many_pods": Setting("6,000 files, 32 pods", 6000, 32),
    "few_files": Setting("150 files, two pods", 150, 2),
    "wild_lengths": Setting("600 files whose lengths differ even more (some take hours), four pods", 600, 4, spread=1.5),
    "format_by_format": Setting("600 files, each format in a folder of its own, four pods", 600, 4, sorted_by_format=True),
}


def figures_of(misses: list[Miss]) -> dict[str, float]:
    """Errors of the end at some percentiles, and how many ends lay in the band."""
    errors = sorted(abs(miss.of_the_end) for miss in misses)
    return {
        "median": round(statistics.median(errors), 3),
        "p95": round(errors[int(0.95 * len(errors))], 3),
        "worst": round(errors[-1], 3),
        "bias": round(statistics.mean(miss.of_the_end for miss in misses), 3),
        "within_a_quarter": round(sum(error <= 0.25 for error in errors) / len(errors), 3),
        "in_band": round(sum(miss.in_band for miss in misses) / len(misses), 3),
        "error_percent": statistics.median(miss.error_percent for miss in misses),
    }


def main() -> None:
    """Measure, print, and write the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.operator.forecast", description="ends foretold beside ends")
    parser.add_argument("--corpora", type=int, default=100, help="of each kind; default: %(default)s")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "figures" / "forecast.json", metavar="FILE")
    arguments = parser.parse_args()
    detail: dict[str, Any] = {}
    for name, setting in SETTINGS.items():
        detail[name] = {"what": setting.words, **figures_of(setting.misses(arguments.corpora))}
        print(name, json.dumps(detail[name]), flush=True)
    flat = {f"forecast_error_p95_{name}": found["p95"] for name, found in detail.items()}
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps({**flat, "detail": {"corpora": arguments.corpora, **detail}}, indent=1) + "\n")


if __name__ == "__main__":
    main()
