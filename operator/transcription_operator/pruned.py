"""Fields of status that the cluster's CRD does not know, for it is older than this operator: the API server drops them, silently.

Every look would find them missing and write them anew. So what an answer lacks is left out of later writes, and said. It is tried
again after each listing: the CRD may have been brought up to date.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from transcription_operator.plan import Document, Plan

_Path = tuple[str, ...]

_IN_EVERY_VERSION = frozenset({"phase", "conditions", "observedGeneration", "runId", "jobName"})
"""What a run is known by. If one of these is missing, somebody takes it away; see `repetition`."""


class Pruned:
    """The fields that the API server is known to drop, of whatever TranscriptionJob."""

    def __init__(self) -> None:
        self._paths: set[_Path] = set()

    def held_back(self, plan: Plan) -> Plan:
        """The plan without what would be dropped."""
        if plan.status is None or not self._paths:
            return plan
        status = _without(plan.status, self._paths)
        return replace(plan, status=status) if status else replace(plan, status=None, events=())

    def learn(self, patch: Document, stored: Document) -> list[str]:
        """`patch` of status was accepted, and `stored` is what came of it. Returns the fields that turn out to be dropped."""
        lost = {path for path in _lost(patch, stored) if path[0] not in _IN_EVERY_VERSION} - self._paths
        self._paths |= lost
        return sorted(".".join(("status", *path)) for path in lost)

    def forget(self) -> None:
        """Try all of them again."""
        self._paths.clear()


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
