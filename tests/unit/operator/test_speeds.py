"""How fast earlier runs were: learnt from statuses, bounded, and the same in whatever order they are seen."""

import random
from typing import Any

import pytest

from tests.unit.operator.test_forecast import an_earlier_run
from tests.unit.operator.world import Job, a_running_job, finished
from transcription_api.effective import Effective
from transcription_api.status import TranscriptionJobStatus
from transcription_operator.speeds import MOST_RUNS, MOST_SETTINGS, EarlierRuns, Speeds, settings_hash


def status_of(job: Job) -> TranscriptionJobStatus:
    return TranscriptionJobStatus.model_validate(job.status)


def effective_of(job: Job) -> Effective:
    found = status_of(job).effective
    assert found is not None
    return found


def learnt(*jobs: Job) -> Speeds:
    speeds = Speeds()
    for job in jobs:
        speeds.learn(job.raw["metadata"]["uid"], status_of(job))
    return speeds


def known(*jobs: Job) -> EarlierRuns:
    found = learnt(*jobs).of(effective_of(jobs[0]))
    assert found is not None
    return found


def test_a_runs_speed_is_audio_by_seconds_of_its_pods() -> None:
    assert known(an_earlier_run(audio=36_000, seconds=1000)).speed == pytest.approx(36)


def test_without_gpus_all_pods_are_taken_to_have_run_all_the_time() -> None:
    job = a_running_job(compute={"device": "cpu"}, parallelism=2)
    for index in range(2):
        job.with_shard(index, total=2, succeeded=1, audio=(5000, 10_000), reported=1000, stage="Finished")
    job.reconciled(1000).without_pods()
    for index in range(2):
        job.with_pod(index, "Succeeded")
    job.child_ended("Complete", 1000).reconciled(1020)
    assert known(job).speed == pytest.approx(10_000 / 2000)


def test_a_run_that_is_seen_again_counts_once() -> None:
    job = an_earlier_run()
    assert known(job, job, job) == known(job)


def test_the_order_in_which_runs_are_seen_makes_no_difference() -> None:
    jobs = [an_earlier_run(f"run-{n}", audio=1000 * n, seconds=100 + 10 * n) for n in range(1, 15)]
    first = known(*jobs)
    random.Random(1).shuffle(jobs)
    assert known(*jobs) == first


def test_the_longest_runs_are_kept_since_short_ones_mostly_load_a_model() -> None:
    long = [an_earlier_run(f"long-{n}", audio=36_000, seconds=1000) for n in range(MOST_RUNS)]
    short = [an_earlier_run(f"short-{n}", audio=20, seconds=60) for n in range(50)]
    assert known(*long, *short) == known(*long)


def test_a_few_minutes_of_work_are_no_sure_knowledge() -> None:
    assert known(an_earlier_run(audio=600, seconds=60)).error == 1.0
    assert known(an_earlier_run(audio=36_000, seconds=1000)).error == 0.3


def test_the_error_follows_from_how_much_the_runs_differ() -> None:
    alike = known(*(an_earlier_run(f"run-{n}", audio=36_000 + n, seconds=1000) for n in range(4)))
    unlike = known(*(an_earlier_run(f"run-{n}", audio=10_000 * (n + 1), seconds=1000) for n in range(4)))
    assert alike.error == 0.05
    assert unlike.error == pytest.approx(0.447, abs=0.001)


def test_runs_that_failed_or_did_nothing_teach_nothing() -> None:
    nothing = finished(a_running_job().with_shard(total=3, skipped=3, stage="Finished"), 900).reconciled(920)
    failed = a_running_job().with_shard(total=3, succeeded=1, failed=2, audio=(100, 100), stage="Finished", reported=900)
    failed = finished(failed, 900).reconciled(920)
    assert (nothing.status["phase"], failed.status["phase"]) == ("Succeeded", "Failed")
    for job in (nothing, failed, a_running_job().with_shard(total=3, succeeded=1, audio=(100, 300)).reconciled(60)):
        assert learnt(job).of(effective_of(job)) is None


def test_estimates_teach_nothing_though_their_settings_are_the_same() -> None:
    job = a_running_job(estimateOnly=True)
    job.with_shard(total=3, audio=(0, 3000), survey={"complete": True}, stage="Finished", reported=900)
    finished(job, 900).reconciled(920)
    assert job.status["phase"] == "Succeeded"
    assert learnt(job).of(effective_of(job)) is None


@pytest.mark.parametrize(
    ("spec", "same"),
    [
        ({"output": {"prefix": "elsewhere/"}}, True),
        ({"parallelism": 8}, True),
        ({"storage": {"secretName": "another"}}, True),
        ({"decoding": {"beamSize": 1}}, False),
        ({"model": {"name": "small"}}, False),
        ({"compute": {"nodeSelector": {"gpu": "h100"}}}, False),
        ({"compute": {"gpuResource": "nvidia.com/mig-1g.10gb"}}, False),
        ({"diarization": {"enabled": True}}, False),
    ],
)
def test_what_decides_the_speed_tells_settings_apart_and_nothing_else(spec: dict[str, Any], same: bool) -> None:
    usual, other = (settings_hash(effective_of(job)) for job in (a_running_job(), a_running_job(**spec)))
    assert (usual == other) is same


def test_the_table_stays_small() -> None:
    speeds, status = Speeds(), status_of(an_earlier_run())
    assert status.effective is not None
    for number in range(MOST_SETTINGS + 50):
        effective = status.effective.model_copy(update={"image": f"runner:{number}"})
        for run in range(20):
            speeds.learn(f"{number}-{run}", status.model_copy(update={"effective": effective}))
    assert len(speeds._runs) == MOST_SETTINGS
    assert all(len(runs) == MOST_RUNS for runs in speeds._runs.values())
