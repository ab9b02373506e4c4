"""Measure everything that is to be shown of the operator, on the cluster that KUBECONFIG names, and write it down.

python -m benchmarks.operator [--only create,writes] [--rounds 3] [--jobs 1000] [--output build/figures/operator.json]
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from dev.cluster.progress import Stop

from ..machine import described
from ..measuring import ROOT, Measured, chosen, recorded, say, shown
from . import create, fairness, history, latency, many_objects, scale, writes
from .bars import BARS
from .nodes import played_nodes
from .place import alone

_LIBRARIES = ("kopf", "kubernetes", "aiohttp", "pydantic", "prometheus-client")
_FULL = 1000
MINUTES = {  # about how long each part takes on two quiet cores
    "create": 5.0,
    "growth": 6.0,
    "latency": 3.0,
    "writes": 1.0,
    "scale": 8.0,
    "history": 5.0,
    "fairness": 4.0,
    "many_objects": 10.0,
}
PARTS = tuple(MINUTES)
_WITHOUT_CLUSTER = frozenset({"many_objects"})
"""Of a cluster these need the programs alone (DEV_BIN)."""


def main() -> int:
    """0 when every part could be measured, whatever the figures; 1 otherwise."""
    arguments = _arguments()
    needs_cluster = not _WITHOUT_CLUSTER.issuperset(arguments.only)
    if needs_cluster and not os.environ.get("KUBECONFIG"):
        print("KUBECONFIG is not set: `make up`, then `source .dev/env`, or use `make bench-operator`", file=sys.stderr)
        return 1
    # As Ctrl-C: what runs is left in good order, and all that was made is deleted.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    size = arguments.jobs / _FULL
    say(f"about {sum(MINUTES[part] for part in arguments.only) * size:.0f} minutes on two quiet cores")
    try:
        with ExitStack() as surroundings:
            folder = Path(surroundings.enter_context(tempfile.TemporaryDirectory()))
            if needs_cluster:
                surroundings.enter_context(alone())
                surroundings.enter_context(played_nodes(folder))
            context = {"jobs_of_1000": arguments.jobs}
            broken = [
                part
                for name in arguments.only
                for part in recorded(
                    arguments.output,
                    BARS,
                    [name],
                    partial(_single, name, size, arguments.rounds, folder),
                    {"measured": described(_LIBRARIES), **context},
                )
            ]
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; what was made is deleted", file=sys.stderr)
        return 130
    return shown(arguments.output, BARS, broken)


def _single(part: str, size: float, rounds: int, folder: Path) -> Mapping[str, Measured]:
    measures: Mapping[str, Callable[[], Measured]] = {
        "create": partial(create.measured, size, rounds, folder, say),
        "growth": partial(create.growth_measured, size, folder, say),
        "latency": partial(latency.measured, size, folder, say),
        "writes": partial(writes.measured, size, folder, say),
        "scale": partial(scale.measured, size, folder, say),
        "history": partial(history.measured, size, folder, say),
        "fairness": partial(fairness.measured, size, folder, say),
        "many_objects": partial(many_objects.measured, size, folder, say),
    }
    return {part: measures[part]()}


def _arguments() -> argparse.Namespace:
    figures = ROOT / "build" / "figures"
    parser = argparse.ArgumentParser(prog="python -m benchmarks.operator", description="the operator beside a plain client")
    parser.add_argument(
        "--only", type=chosen(PARTS), default=list(PARTS), metavar="PART,…", help=f"{', '.join(PARTS)}; default: all"
    )
    parser.add_argument("--rounds", type=int, default=3, help="rounds of create; default: %(default)s")
    parser.add_argument(
        "--jobs", type=int, default=_FULL, help="jobs of create; all other numbers in proportion; default: %(default)s"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="default: operator.json, smoke.json for other sizes, in build/figures"
    )
    arguments = parser.parse_args()
    if arguments.rounds < 1 or arguments.jobs < 1:
        parser.error("--rounds and --jobs must be at least 1")
    arguments.output = arguments.output or figures / ("operator.json" if arguments.jobs == _FULL else "operator-smoke.json")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
