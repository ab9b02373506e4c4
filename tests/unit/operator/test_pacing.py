"""Progress of many shards is written seldom; news at once."""

from dataclasses import replace

from tests.unit.operator.world import a_running_job
from transcription_operator.pacing import Pacing, pause_for


def test_the_more_shards_the_longer_the_pause() -> None:
    assert [pause_for(shards) for shards in (1, 16, 64, 256)] == [1.0, 1.0, 4.0, 10.0]


def test_figures_wait_for_their_turn_and_news_does_not() -> None:
    now = [100.0]
    pacing = Pacing(lambda: now[0])
    job = a_running_job(parallelism=64)
    for index in range(64):
        job.with_shard(index, total=9)
    observed = job.reconciled(5).observed()
    progress = job.with_shard(1, total=9, succeeded=1).reconcile(6)
    uid = observed.resource.uid
    assert pacing.holds_back(observed, progress) == 0, "the first is written at once"
    pacing.written(observed)
    now[0] += 1
    assert pacing.holds_back(observed, progress) == 3
    assert pacing.after_pod_event(uid) == 3
    assert pacing.holds_back(observed, replace(progress, only_progress=False)) == 0
    now[0] += 3
    assert pacing.holds_back(observed, progress) == 0


def test_a_pod_of_a_small_job_is_looked_at_at_once() -> None:
    pacing = Pacing(lambda: 0.0)
    observed = a_running_job().observed()
    pacing.written(observed)
    assert pacing.after_pod_event(observed.resource.uid) == 0


def test_a_job_that_is_over_is_forgotten() -> None:
    pacing = Pacing(lambda: 0.0)
    observed = a_running_job().observed()
    pacing.written(observed)
    pacing.forget(observed.resource.uid)
    assert pacing.wait(observed.resource.uid) == 0
