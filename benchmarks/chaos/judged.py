"""Whether each job ended as it should: once, with the figures that its pod reported, and with all that its status promises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

from ..measuring import Measured
from ..operator.objects import Document

_FILES = {"total": 1, "succeeded": 1, "skipped": 0, "failed": 0}
"""What every played pod reports (operator/stages.yaml)."""


def fault(resource: Document) -> str | None:
    """What is wrong with a job that should have ended well by now; None: nothing is."""
    status: Mapping[str, Any] = resource.get("status", {})
    conditions = {one["type"]: one for one in status.get("conditions", [])}
    if status.get("phase") != "Succeeded":
        return f"phase {status.get('phase')}: {status.get('message')}"
    if conditions.get("Complete", {}).get("status") != "True" or "Failed" in conditions:
        return f"conditions {sorted(conditions)}"
    if status.get("files") != _FILES:
        return f"files {status.get('files')}"
    if missing := [field for field in ("startTime", "completionTime", "jobName", "effective") if not status.get(field)]:
        return f"status lacks {', '.join(missing)}"
    return None


def judged(resources: Iterable[Document], wanted: Set[str], made: Mapping[str, Set[str]], prefix: str = "") -> Measured:
    """The figures `jobs_wrong` and `jobs_doubled` of a part, and every job that they count."""
    found = {one["metadata"]["name"]: one for one in resources}
    faults = {name: fault(found[name]) if name in found else "it is gone" for name in sorted(wanted)}
    wrong = {name: why for name, why in faults.items() if why} | dict.fromkeys(found.keys() - wanted, "nobody made it")
    doubled = {name: len(uids) for name, uids in made.items() if len(uids) > 1}
    figures = {f"{prefix}jobs_wrong": float(len(wrong)), f"{prefix}jobs_doubled": float(len(doubled))}
    return figures, {"jobs": len(wanted), "wrong": wrong, "doubled": doubled}
