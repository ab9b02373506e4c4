"""A status stays a small object, whatever its shards and failures say."""

import json
from typing import Any

from tests.unit.operator.world import a_running_job, at
from transcription_api.status import Phase, TranscriptionJobStatus, Transition
from transcription_operator.policies.bounds import MOST_BYTES, within_bounds


def size(status: TranscriptionJobStatus) -> int:
    return len(json.dumps(status.wire(), separators=(",", ":")).encode())


def test_256_shards_with_long_names_messages_and_failures_stay_below_64_kb() -> None:
    job = a_running_job("j" * 63, parallelism=256)
    failures = [{"key": "k" * 1024, "reason": "DamagedAudio", "message": "m" * 512} for _ in range(20)]
    counts: dict[str, Any] = {"total": 1_234_567, "succeeded": 4_321, "failed": 21, "skipped": 1_000_000}
    for index in range(256):
        mine = [{**failure, "key": f"{index}{failure['key'][:-4]}"} for failure in failures[:3]]
        job.with_shard(index, stage="WaitingForStore", message="x" * 1024, failures=mine, audio=(108_000.5, 4e7), **counts)
    status = job.reconciled(60).observed().resource.status
    assert len(status.shards or []) == 256
    assert size(status) <= 64 * 1024
    assert status.files is not None
    assert status.files.succeeded == 256 * 4_321


def test_what_is_cut_of_many_transitions_is_their_messages() -> None:
    job = a_running_job(parallelism=256)
    for index in range(256):
        job.with_shard(index, stage="Transcribing", audio=(108_000.5, 4e7), total=1_234_567, succeeded=4_321)
    status = job.reconciled(60).observed().resource.status
    steps = [
        Transition(number=n, time=at(n), job_name="j" * 63, phase=Phase.RUNNING, reason="R", message="空" * 256)
        for n in range(1, 17)
    ]
    # As much as is left, but for one character.
    room = MOST_BYTES - size(status.model_copy(update={"transitions": steps})) + 1
    padded = status.model_copy(update={"transitions": steps, "manifest": "m" * max(1, room)})
    assert size(padded) > MOST_BYTES
    cut = within_bounds(padded)
    assert size(cut) <= MOST_BYTES
    assert [(one.number, one.message) for one in cut.transitions or []] == [(n, None) for n in range(1, 17)]


def test_a_status_of_usual_size_is_left_alone() -> None:
    status = (
        a_running_job().with_shard(total=3, message="hello", failures=[{"key": "a", "reason": "X"}]).observed().resource.status
    )
    assert within_bounds(status) is status
    assert size(status) < MOST_BYTES
