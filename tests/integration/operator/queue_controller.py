"""A stand-in for Kueue: it suspends the Jobs of its queues at their admission and owns `suspend` from then on.

Kueue's own steps, by its sources: a webhook suspends a Job that has a queue; admission sets suspend to false, adds the flavour's
node selector and, if only a part of the pods fits, lowers parallelism, all in one update; preemption suspends the Job and gives
back the node selector and the parallelism that it had.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.integration.kubectl import Kubectl
from tests.integration.operator.admission import mutating
from tests.integration.operator.operators import eventually

QUEUE = "kueue.x-k8s.io/queue-name"
FLAVOUR = {"transcription.test/flavour": "a100"}


class QueueController:
    """Admits and preempts Jobs in one namespace."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self._before: dict[str, tuple[dict[str, str], int]] = {}
        self.patches = 0
        """Requests so far."""

    @classmethod
    @contextmanager
    def at_work(cls, kubectl: Kubectl) -> Iterator["QueueController"]:
        """From here on Jobs with a queue are suspended at their creation."""
        job: dict[str, Any] = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "probe", "labels": {QUEUE: "gpu"}},
            "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "x", "image": "x"}]}}},
        }

        def probe() -> bool:
            made = kubectl("create", "--dry-run=server", "-o", "json", "-f", "-", given=json.dumps(job))
            return bool(json.loads(made)["spec"]["suspend"])

        change = '[JSONPatch{op: "add", path: "/spec/suspend", value: true}]'
        when = f"has(object.metadata.labels) && '{QUEUE}' in object.metadata.labels"
        with mutating(kubectl, "queue", "batch/v1/jobs", change, on=("CREATE",), when=when, probe=probe):
            yield cls(kubectl)

    def admit(self, name: str, parallelism: int | None = None) -> None:
        """Let the Job run, all its pods or a part of them."""
        spec = self._kubectl.get("job", name)["spec"]
        selector = spec["template"]["spec"].get("nodeSelector", {})
        self._before[name] = (selector, spec["parallelism"])
        self._patch(name, {"suspend": False, "parallelism": parallelism or spec["parallelism"]} | _template(selector | FLAVOUR))

    def preempt(self, name: str) -> None:
        """Take the Job's quota away."""
        selector, parallelism = self._before.pop(name)
        self._patch(name, {"suspend": True})
        # A node selector may change once the Job counts as never started.
        eventually(lambda: "startTime" not in self._kubectl.get("job", name)["status"])
        self._patch(name, {"parallelism": parallelism} | _template(selector | dict.fromkeys(FLAVOUR)))

    def _patch(self, name: str, spec: dict[str, Any]) -> None:
        self.patches += 1
        self._kubectl("patch", "job", name, "--type=merge", "-p", json.dumps({"spec": spec}))


def _template(node_selector: dict[str, Any]) -> dict[str, Any]:
    return {"template": {"spec": {"nodeSelector": node_selector}}}
