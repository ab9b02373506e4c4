"""Time: only what ran counts, each second once, whoever looks and however often."""

from tests.unit.operator.world import Job, a_job, a_running_job, at, text


def times(job: Job) -> tuple[float, float]:
    return job.status.get("activeSeconds", 0), job.status.get("gpuSeconds", 0)


def test_a_suspended_job_keeps_its_speed_and_its_end_is_reckoned_from_running_time() -> None:
    job = a_running_job().with_shard(total=4, audio=(300, 900), reported=30).reconciled(30)
    assert job.status["realTimeFactor"] == 10.0
    job.asking(suspend=True).reconciled(40)
    job.without_pods().reconciled(42)
    assert times(job) == (40, 40)
    job.asking(suspend=False).reconciled(1000)
    job.with_running_pod(since=1010).with_shard(total=4, audio=(400, 900), reported=1020).reconciled(1020)
    assert times(job) == (50, 50)
    assert job.status["realTimeFactor"] == 8.0
    assert job.status["estimatedCompletionTime"] == text(at(1020 + 500 / 8).replace(microsecond=0))


def test_looking_again_adds_nothing() -> None:
    job = a_running_job().with_shard(total=4, audio=(300, 900), reported=30).reconciled(30)
    assert job.reconcile(500).status is None
    job.pod_ended(60).reconciled(65)
    assert times(job) == (60, 60)
    assert job.reconcile(500).status is None


def test_the_time_of_a_pod_that_is_deleted_is_kept() -> None:
    job = a_running_job().pod_ended(50, exit_code=70).reconciled(50)
    job.without_pods().with_running_pod(since=60).with_shard(reported=70).reconciled(70)
    assert times(job) == (60, 60)


def test_a_pod_that_nobody_saw_end_counts_up_to_its_last_report() -> None:
    job = a_running_job().with_shard(reported=90).reconciled(90).pod_gone().reconciled(300)
    assert times(job) == (90, 90)


def test_pods_side_by_side_run_once_and_hold_a_gpu_each() -> None:
    job = a_running_job(parallelism=2).with_running_pod(1, since=20).with_shard(reported=50).reconciled(50)
    assert times(job) == (50, 80)


def test_on_a_cpu_no_gpu_is_held() -> None:
    job = a_running_job(compute={"device": "cpu"}).with_shard(reported=50).reconciled(50)
    assert (job.status["activeSeconds"], "gpuSeconds" in job.status) == (50, False)


def test_what_happened_while_nobody_watched_counts_when_it_is_seen() -> None:
    job = a_job().reconciled()
    job.with_child(started=0).with_running_pod(since=10).pod_ended(100, exit_code=70)
    job.with_running_pod(since=200).with_shard(reported=260).reconciled(1000)
    assert times(job) == (150, 150)


def test_a_new_run_counts_from_nothing() -> None:
    job = a_running_job().with_shard(reported=90).reconciled(90).asking(runId="2").reconciled(100)
    assert times(job) == (0, 0)


def test_a_claimed_gpu_is_a_gpu() -> None:
    job = a_running_job(compute={"resourceClaimTemplateName": "one-gpu"}).with_shard(total=2).reconciled(60)
    assert job.status["gpuSeconds"] == 60


def test_a_pod_that_reports_from_the_future_gets_no_time_for_it_and_passes_no_deadline() -> None:
    far = 100 * 365 * 86_400
    job = a_running_job(activeDeadlineSeconds=3600).with_shard(total=4, audio=(300, 900), reported=far).reconciled(30)
    assert (job.status["phase"], times(job), job.status["progress"]) == ("Running", (0, 0), "33%")
    assert "forecast" not in job.status
    assert job.reconcile(31).status is None
    job.pod_ended(60).reconciled(65)
    assert times(job) == (60, 60)


def test_beside_one_that_reports_from_the_future_the_others_count() -> None:
    job = a_running_job(parallelism=2).with_shard(0, reported=10**9).with_running_pod(1).with_shard(1, reported=50).reconciled(50)
    assert times(job) == (50, 100)
