"""From the stored status and the wanted one to the smallest JSON merge patch that never touches the runner's shards."""

from typing import Any

from transcription_api.status import TranscriptionJobStatus

RUNNER_FIELDS = frozenset({"shards"})
"""Fields of status that runner pods own."""


def status_patch(
    stored: TranscriptionJobStatus, wanted: TranscriptionJobStatus, *, reset_shards: bool = False
) -> dict[str, Any] | None:
    """The patch, or None when nothing differs. A new run empties the list of shards: it holds the older run's reports."""
    before, after = stored.wire(), wanted.wire()
    patch: dict[str, Any] = {}
    for name in sorted((before.keys() | after.keys()) - RUNNER_FIELDS):
        if before.get(name) != after.get(name):
            patch[name] = _merge(before.get(name), after.get(name))
    if reset_shards and before.get("shards"):
        patch["shards"] = []
    return patch or None


def _merge(before: Any, after: Any) -> Any:
    """A merge patch merges maps, at any depth: keys that are gone have to be said to be null."""
    if isinstance(before, dict) and isinstance(after, dict):
        gone = {name: None for name in before if name not in after}
        return gone | {name: _merge(before.get(name), value) for name, value in after.items()}
    return after
