"""Reading the status of a TranscriptionJob, which this version of the operator or another one wrote."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from transcription_api.status import Phase, Shard, TranscriptionJobStatus


def read_status(raw: Mapping[str, Any]) -> TranscriptionJobStatus:
    """The status as stored, without the fields that do not fit this version's model."""
    fitting = dict(raw)
    while True:
        try:
            return TranscriptionJobStatus.model_validate(fitting)
        except ValidationError as error:
            unfit = {str(fault["loc"][0]) for fault in error.errors() if fault["loc"]}
        if not unfit:
            return TranscriptionJobStatus()
        shards = fitting.get("shards") if "shards" in unfit else None
        fitting = {name: value for name, value in fitting.items() if name not in unfit}
        if isinstance(shards, list) and len(readable := _readable_shards(shards)) < len(shards):
            fitting["shards"] = readable
        if "phase" in unfit:
            fitting["phase"] = _phase_by_conditions(raw)


def _phase_by_conditions(raw: Mapping[str, Any]) -> Phase:
    """The phase of a run whose own word for it is unknown: without one, it would pass for a run that is yet to begin."""
    conditions = raw.get("conditions")
    true = {one.get("type") for one in conditions if one.get("status") == "True"} if isinstance(conditions, list) else set()
    return Phase.SUCCEEDED if "Complete" in true else Phase.FAILED if "Failed" in true else Phase.PENDING


def _readable_shards(shards: list[Any]) -> list[Shard]:
    readable = []
    for shard in shards:
        try:
            readable.append(Shard.model_validate(shard))
        except ValidationError:
            continue
    return readable
