"""From the stored status and the wanted one to the smallest JSON merge patch, and whether what it says was kept."""

from typing import Any

from transcription_api.contract import Record
from transcription_api.status import TranscriptionJobStatus


def status_patch(stored: Record, wanted: Record) -> dict[str, Any] | None:
    """The patch, or None when nothing differs. Both are of one kind."""
    before, after = stored.wire(), wanted.wire()
    patch = {
        name: _merge(before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    }
    return patch or None


def is_kept(patch: dict[str, Any], stored: dict[str, Any]) -> bool:
    """Whether `stored`, the answer to a merge patch, has all that the patch says: an admission policy may change it."""
    for name, value in patch.items():
        if isinstance(value, dict):
            if not is_kept(value, stored.get(name) or {}):
                return False
        elif stored.get(name) != value:
            return False
    return True


def only_progress(stored: TranscriptionJobStatus, wanted: TranscriptionJobStatus) -> bool:
    """Whether nothing but figures and messages differs, which may wait; a phase, a condition, a generation may not."""

    def state(status: TranscriptionJobStatus) -> tuple[object, ...]:
        conditions = [(one.type, one.status, one.reason) for one in status.conditions]
        return status.phase, status.observed_generation, status.job_name, status.start_time, conditions

    return state(stored) == state(wanted)


def _merge(before: Any, after: Any) -> Any:
    """A merge patch merges maps, at any depth: keys that are gone have to be said to be null."""
    if isinstance(before, dict) and isinstance(after, dict):
        gone = {name: None for name in before if name not in after}
        return gone | {name: _merge(before.get(name), value) for name, value in after.items()}
    return after
