"""A TranscriptionSchedule in the test's namespace, and what belongs to it."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.integration.kubectl import Kubectl


def minute(offset: int = 0) -> int:
    """The current minute since 1970, as jobs' names end in it."""
    return int(time.time()) // 60 + offset


def transcription_schedule(name: str, **spec: Any) -> dict[str, Any]:
    """A manifest; every minute unless the spec says otherwise."""
    template = {"spec": {"source": {"bucket": "calls"}}}
    return {
        "apiVersion": "transcription.whisperx.dev/v1alpha1",
        "kind": "TranscriptionSchedule",
        "metadata": {"name": name},
        "spec": {"schedule": "* * * * *", "jobTemplate": template, **spec},
    }


class Schedule:
    """A TranscriptionSchedule that was applied."""

    def __init__(self, kubectl: Kubectl, name: str) -> None:
        self.kubectl, self.name = kubectl, name

    @classmethod
    def apply(cls, kubectl: Kubectl, name: str, **spec: Any) -> "Schedule":
        kubectl.apply(transcription_schedule(name, **spec))
        return cls(kubectl, name)

    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = self.kubectl.get("tss", self.name).get("status", {})
        return status

    def condition(self, kind: str) -> dict[str, Any]:
        return next((c for c in self.status().get("conditions", []) if c["type"] == kind), {})

    def patch(self, **spec: Any) -> None:
        self.kubectl("patch", "tss", self.name, "--type=merge", "-p", json.dumps({"spec": spec}))

    def last_ran(self, ago: timedelta) -> None:
        """As if no run had been made since then; whatever was due meanwhile is missed."""
        last = (datetime.now(UTC) - ago).strftime("%Y-%m-%dT%H:%M:00Z")
        patch = json.dumps({"status": {"lastScheduleTime": last}})
        self.kubectl("patch", "tss", self.name, "--subresource=status", "--type=merge", "-p", patch)

    def jobs(self) -> list[str]:
        """Names of its jobs by their controller, in the order of their times."""
        items = self.kubectl.get("tsj")["items"]
        owners = {i["metadata"]["name"]: i["metadata"].get("ownerReferences", [{}])[0].get("name") for i in items}
        return sorted(name for name, owner in owners.items() if owner == self.name)

    def minutes(self) -> list[int]:
        """The minutes that its jobs stand for."""
        return [int(name.rpartition("-")[2]) for name in self.jobs()]

    def events(self) -> list[tuple[str, str]]:
        """Reasons and notes of all Events about it, oldest first."""
        items = self.kubectl.get("events.events.k8s.io", "--field-selector", f"regarding.name={self.name}")["items"]
        return [(item["reason"], item["note"]) for item in sorted(items, key=lambda item: str(item["eventTime"]))]
