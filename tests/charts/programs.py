"""The programs that judge the chart, built from pinned Go modules into the cache on first use; and what each says."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from dev.cluster import programs
from dev.cluster.places import BIN
from dev.cluster.progress import Progress
from tests.charts.schemas import LOCATION

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "transcription-operator"
WELL = 10
"""kube-score's grade for an object without fault; what it skipped has none."""


@cache
def _program(name: str) -> str:
    built = {"helm": programs.CLUSTER, "kubeconform": programs.KUBECONFORM, "kube-score": programs.KUBE_SCORE}[name]
    there = Path(os.environ.get("DEV_BIN") or BIN) / name
    if name == "helm" and (found := there if there.exists() else shutil.which(name)):
        return str(found)
    programs.build(built, Progress(1))
    return str(BIN / name)


@cache
def rendered(*flags: str) -> str:
    """What `helm template` makes of the chart. Raises AssertionError with what helm says if it refuses."""
    result = _helm("template", "speech", str(CHART), "--namespace", "home", *flags)
    assert result.returncode == 0, result.stderr
    return result.stdout


def refusal(*flags: str) -> str:
    """What helm says of values that it refuses, on one line; nothing if it takes them."""
    return " ".join(_helm("template", "speech", str(CHART), "--namespace", "home", *flags).stderr.split())


def linted(*flags: str) -> str:
    """What `helm lint --strict` finds; nothing if it is content."""
    result = _helm("lint", "--strict", str(CHART), *flags)
    return "" if result.returncode == 0 else result.stdout + result.stderr


def against_schemas(text: str, folder: Path) -> str:
    """What kubeconform finds in objects, by the schemas in the folder; nothing if all are as described."""
    command = [_program("kubeconform"), "-strict", "-schema-location", str(folder / LOCATION), "-"]
    result = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return "" if result.returncode == 0 else result.stdout + result.stderr


@cache
def scored(text: str) -> tuple[tuple[str, str, str], ...]:
    """What kube-score finds: the check, the object (kind/name), and the comments."""
    command = [_program("kube-score"), "score", "--output-format", "json", "-"]
    result = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return tuple(_findings(json.loads(result.stdout)))


def _findings(objects: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    for one in objects:
        for check in one["checks"] or []:
            if not check["skipped"] and check["grade"] < WELL:
                said = "; ".join(f"{c['path']}: {c['summary']}" for c in check["comments"] or [])
                yield check["check"]["id"], f"{one['type_meta']['kind']}/{one['object_meta']['name']}", said


def _helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([_program("helm"), *arguments], capture_output=True, text=True, check=False)
