"""How large may a status be? Small enough for every list and watch that it travels in, however many shards it has.

Whatever is cut stands elsewhere too: failures in the manifest, a shard's message in its pod's log, the verdict's in the Job.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial

from transcription_api.status import TranscriptionJobStatus

MOST_BYTES = 64_000
"""Of the status as JSON."""
_SHORT_MESSAGE = 500

_Status = TranscriptionJobStatus


def within_bounds(status: TranscriptionJobStatus) -> TranscriptionJobStatus:
    """The status, without what is missed least if it is too large."""
    for shorten in _steps():
        if len(json.dumps(status.wire(), separators=(",", ":")).encode()) <= MOST_BYTES:
            break
        status = shorten(status)
    return status


def _steps() -> Iterator[Callable[[_Status], _Status]]:
    yield _without_shard_messages
    yield _without_transition_messages
    for most in (10, 3, 0):
        yield partial(_with_fewer_failures, most)
    yield _with_short_messages


def _without_shard_messages(status: _Status) -> _Status:
    shards = [shard.model_copy(update={"message": None}) for shard in status.shards or []]
    return status.model_copy(update={"shards": shards or None})


def _without_transition_messages(status: _Status) -> _Status:
    transitions = [one.model_copy(update={"message": None}) for one in status.transitions or []]
    return status.model_copy(update={"transitions": transitions or None})


def _with_fewer_failures(most: int, status: _Status) -> _Status:
    return status.model_copy(update={"failures": (status.failures or [])[:most] or None})


def _with_short_messages(status: _Status) -> _Status:
    conditions = [one.model_copy(update={"message": one.message[:_SHORT_MESSAGE]}) for one in status.conditions]
    return status.model_copy(update={"conditions": conditions, "message": (status.message or "")[:_SHORT_MESSAGE]})
