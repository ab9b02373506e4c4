"""The status write: only what changed, and whether it is news."""

from tests.unit.operator.world import a_running_job
from transcription_api.status import Phase, TranscriptionJobStatus
from transcription_operator.status_patch import is_kept, only_progress, status_patch


def test_nothing_is_written_when_nothing_changed() -> None:
    status = a_running_job().with_shard(succeeded=1).reconciled(9).observed().resource.status
    assert status_patch(status, status) is None


def test_a_field_that_is_gone_is_said_to_be_null_in_maps_too() -> None:
    before = TranscriptionJobStatus(phase=Phase.RUNNING, message="x", languages={"en": 1, "es": 1})
    after = TranscriptionJobStatus(phase=Phase.RUNNING, languages={"en": 2})
    assert status_patch(before, after) == {"message": None, "languages": {"en": 2, "es": None}}


def test_figures_and_messages_may_wait_and_a_phase_or_condition_may_not() -> None:
    job = a_running_job(parallelism=2).with_shard(succeeded=1).reconciled(9)
    before = job.observed().resource.status
    assert only_progress(before, job.with_shard(1, succeeded=1).reconciled(10).observed().resource.status)
    job.with_shard(1, stage="WaitingForStore", message="refused")
    assert not job.reconcile(11).only_progress


def test_a_patch_is_kept_when_the_answer_has_all_that_it_says() -> None:
    stored = {"runId": "2", "files": {"total": 2, "failed": 0}, "conditions": [{"type": "Running"}], "message": "other"}
    assert is_kept({"runId": "2", "files": {"total": 2, "skipped": None}, "progress": None}, stored)
    assert is_kept({"conditions": [{"type": "Running"}]}, stored)
    assert not is_kept({"runId": "3"}, stored)
    assert not is_kept({"files": {"total": 3}}, stored)
    assert not is_kept({"message": None}, stored)
    assert not is_kept({"effective": {"image": "x"}}, stored)
