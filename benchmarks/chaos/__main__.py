"""Do to the operator whatever may happen to it, on the cluster that KUBECONFIG names, and count the jobs that suffered.

python -m benchmarks.chaos [--only kills,pair] [--scale 0.1] [--output build/figures/chaos.json]
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
from ..operator.nodes import played_nodes
from ..operator.place import alone
from . import faults, kills, pair, server
from .bars import BARS

_LIBRARIES = ("kopf", "kubernetes", "aiohttp", "pydantic")
_PARTS: Mapping[str, Callable[[float, Path, Callable[[str], None]], Measured]] = {
    "kills": kills.measured,
    "faults": faults.measured,
    "pair": pair.measured,
    "server": server.measured,
}
MINUTES = {"kills": 8.0, "faults": 4.0, "pair": 6.0, "server": 3.0}


def main() -> int:
    """0 when every part could be measured, whatever the figures; 1 otherwise."""
    arguments = _arguments()
    if not os.environ.get("KUBECONFIG"):
        print("KUBECONFIG is not set: `make up`, then `source .dev/env`, or use `make chaos`", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    say(f"about {sum(MINUTES[part] for part in arguments.only) * arguments.scale:.0f} minutes")
    try:
        with ExitStack() as surroundings:
            folder = Path(surroundings.enter_context(tempfile.TemporaryDirectory()))
            surroundings.enter_context(alone())
            surroundings.enter_context(played_nodes(folder))
            context = {"measured": described(_LIBRARIES), "scale": arguments.scale}
            broken = [
                part
                for name in arguments.only
                for part in recorded(arguments.output, BARS, [name], partial(_single, name, arguments.scale, folder), context)
            ]
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; what was made is deleted", file=sys.stderr)
        return 130
    return shown(arguments.output, BARS, broken)


def _single(part: str, scale: float, folder: Path) -> Mapping[str, Measured]:
    return {part: _PARTS[part](scale, folder, say)}


def _arguments() -> argparse.Namespace:
    figures = ROOT / "build" / "figures"
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description="whatever may happen to the operator")
    parts = tuple(_PARTS)
    parser.add_argument("--only", type=chosen(parts), default=list(parts), metavar="PART,…", help=", ".join(parts))
    parser.add_argument("--scale", type=float, default=1.0, help="less than 1: fewer jobs and kills; default: %(default)s")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: chaos.json, chaos-smoke.json for other scales")
    arguments = parser.parse_args()
    if not 0 < arguments.scale <= 1:
        parser.error("--scale must be above 0 and at most 1")
    arguments.output = arguments.output or figures / ("chaos.json" if arguments.scale == 1 else "chaos-smoke.json")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
