"""Nodes that are not there, and kwok, which says for them that pods start and end. Their taint keeps others away."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dev.cluster import programs
from dev.cluster.progress import Progress
from tests.integration.kubectl import Kubectl

from .objects import LASTING, PODS_LABEL, QUICK

_STAGES = Path(__file__).with_name("stages.yaml")
_READY_SECONDS = 60.0
_PODS = 20_000


@contextlib.contextmanager
def played_nodes(folder: Path) -> Iterator[None]:
    """One node of each sort, with kwok playing their kubelet. kwok is built on first use."""
    kubectl = Kubectl("default")
    kwok = programs.KWOK
    programs.build(kwok, Progress(1))
    names = [f"bench-{sort}-{os.getpid()}" for sort in (QUICK, LASTING)]
    nodes = [_node(name, sort) for name, sort in zip(names, (QUICK, LASTING), strict=True)]
    log = folder / "kwok.log"
    command = [
        str(kwok.folder / kwok.name),
        f"--kubeconfig={os.environ['KUBECONFIG']}",
        f"--manage-nodes-with-label-selector={PODS_LABEL}",
        "--node-lease-duration-seconds=40",
        f"--config={_STAGES}",
    ]
    try:
        kubectl("apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": nodes}))
        with log.open("wb") as output:
            player = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        try:
            _wait_until_ready(kubectl, names, player, log)
            yield
        finally:
            player.terminate()
            player.wait(20)
    finally:
        kubectl.run("delete", "nodes", *names, "--ignore-not-found", "--wait=false")


def _node(name: str, sort: str) -> dict[str, Any]:
    room = {"cpu": str(_PODS), "memory": "1Pi", "pods": str(_PODS)}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {PODS_LABEL: sort, "kubernetes.io/hostname": name}},
        "spec": {"taints": [{"key": PODS_LABEL, "value": sort, "effect": "NoSchedule"}]},
        "status": {"capacity": room, "allocatable": room},
    }


def _wait_until_ready(kubectl: Kubectl, names: list[str], player: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _READY_SECONDS
    while not all(_ready(node) for node in kubectl.get("nodes", *names)["items"]):
        if player.poll() is not None or time.monotonic() > end:
            said = log.read_text(errors="replace")[-1500:]
            raise RuntimeError(f"kwok does not have its nodes ready after {_READY_SECONDS:.0f} s:\n{said}")
        time.sleep(0.5)


def _ready(node: dict[str, Any]) -> bool:
    conditions = node.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
