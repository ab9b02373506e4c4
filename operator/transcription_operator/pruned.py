"""Fields of status that the cluster's CRD does not know, for it is older than this operator: the API server drops them, silently.

Every look would find them missing and write them anew. So what an answer lacks is left out of later writes, and said. It is tried
again after each listing: the CRD may have been brought up to date.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from transcription_operator.plan import Document, Plan

_Path = tuple[str, ...]

_ESSENTIAL = frozenset({"phase", "conditions", "observedGeneration", "runId", "jobName", "effective"})
"""What a run is known by, and goes by: without one of these none begins. They are tried again, ever more seldom."""


class Pruned:
    """The fields that the API server is known to drop, of whatever TranscriptionJob."""

    def __init__(self) -> None:
        self._told: set[_Path] = set()
        self._left_out: set[_Path] = set()

    def held_back(self, plan: Plan) -> Plan:
        """The plan without what would be dropped."""
        if plan.status is None or not self._left_out:
            return plan
        status = _without(plan.status, self._left_out)
        if status:
            return replace(plan, status=status)
        # "At once" would mean: once this is written.
        return replace(plan, status=None, events=(), requeue_after=plan.requeue_after or None)

    def learn(self, patch: Document, stored: Document) -> list[str]:
        """`patch` of status was accepted, and `stored` is what came of it. Returns the fields that turn out to be dropped."""
        lost = set(_lost(patch, stored)) - self._told
        self._told |= lost
        self._left_out |= {path for path in lost if path[0] not in _ESSENTIAL}
        return sorted(".".join(("status", *path)) for path in lost)

    def forget(self) -> None:
        """Try all of them again."""
        self._told.clear()
        self._left_out.clear()


def _lost(patch: Document, stored: Document) -> Iterator[_Path]:
    for name, value in patch.items():
        if name not in stored:
            if value not in (None, {}, []):
                yield (name,)
        elif isinstance(value, dict) and isinstance(stored[name], dict):
            yield from ((name, *rest) for rest in _lost(value, stored[name]))


def _without(patch: Document, paths: set[_Path]) -> Document:
    kept: dict[str, Any] = {}
    for name, value in patch.items():
        if (name,) in paths:
            continue
        inner = {path[1:] for path in paths if path[0] == name and len(path) > 1}
        if inner and isinstance(value, dict):
            value = _without(value, inner)
            if not value:
                continue
        kept[name] = value
    return kept
