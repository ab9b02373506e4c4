"""The status write: only what changed, and never the runner's shards."""

from tests.unit.operator.world import a_running_job
from transcription_api.status import Phase, TranscriptionJobStatus
from transcription_operator.status_patch import RUNNER_FIELDS, status_patch


def test_nothing_is_written_when_nothing_changed() -> None:
    status = a_running_job().observed().resource.status
    assert status_patch(status, status) is None


def test_a_field_that_is_gone_is_said_to_be_null_in_maps_too() -> None:
    before = TranscriptionJobStatus(phase=Phase.RUNNING, message="x", languages={"en": 1, "es": 1})
    after = TranscriptionJobStatus(phase=Phase.RUNNING, languages={"en": 2})
    assert status_patch(before, after) == {"message": None, "languages": {"en": 2, "es": None}}


def test_shards_are_left_alone_unless_a_new_run_empties_them() -> None:
    before = a_running_job().with_shard(succeeded=1).observed().resource.status
    after = before.model_copy(update={"shards": None, "message": "changed"})
    assert status_patch(before, after) == {"message": "changed"}
    assert status_patch(before, after, reset_shards=True) == {"message": "changed", "shards": []}
    assert RUNNER_FIELDS == {"shards"}
