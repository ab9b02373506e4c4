"""Deadlines: one for running, which waiting and suspended time do not eat up, and one for waiting."""

from tests.unit.operator.world import Job, a_job, a_running_job, text
from tests.unit.operator.world import at as moment

NO_GPU = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."


def outcome(job: Job) -> str:
    return str(job.condition("Failed").get("reason", job.status["phase"]))


def test_waiting_for_a_gpu_is_not_running() -> None:
    job = a_job().asking(activeDeadlineSeconds=60).reconciled().with_child(started=0).with_unschedulable_pod(NO_GPU)
    job.reconciled(3000)
    assert outcome(job) == "Pending"
    job.without_pods().with_running_pod(since=3000).reconciled(3000)
    plan = job.reconcile(3020)
    assert (plan.status, plan.requeue_after) == (None, 40)
    job.reconciled(3060)
    assert outcome(job) == "DeadlineExceeded"
    assert "spec.activeDeadlineSeconds (60)" in job.status["message"]
    assert (job.children, job.pods) == ({}, {}), "no pod is left on a GPU"
    assert job.status["activeSeconds"] == 60


def test_suspended_time_does_not_count() -> None:
    job = a_running_job(activeDeadlineSeconds=60).asking(suspend=True).reconciled(40).without_pods().reconciled(41)
    job.asking(suspend=False).reconciled(1000).with_running_pod(since=1000).reconciled(1000)
    assert outcome(job.reconciled(1019)) == "Running"
    assert outcome(job.reconciled(1020)) == "DeadlineExceeded"


def test_a_run_that_is_done_in_time_is_done_though_its_reports_are_late() -> None:
    job = a_running_job(activeDeadlineSeconds=60).pod_ended(59).child_ended("Complete", 59)
    job.with_shard(total=1, succeeded=1, stage="Finished", reported=59).reconciled(65)
    assert outcome(job) == "Succeeded"


def test_a_gpu_that_never_comes_ends_the_run_with_the_schedulers_words() -> None:
    job = a_job().asking(pendingDeadlineSeconds=300).reconciled().with_child(started=0).with_unschedulable_pod(NO_GPU)
    assert job.reconciled(100).reconcile(100).requeue_after == 200
    job.reconciled(300)
    assert outcome(job) == "PendingDeadlineExceeded"
    assert job.status["message"] == (f"no pod started within spec.pendingDeadlineSeconds (300); Unschedulable: {NO_GPU}")
    assert (job.children, job.pods) == ({}, {})
    assert job.reconcile(301).settled


def test_a_quota_on_jobs_is_waited_for_no_longer_either() -> None:
    job = a_job().asking(pendingDeadlineSeconds=300).reconciled().refused("exceeded quota: jobs", final=False)
    job.children.clear()
    assert outcome(job.reconciled(10)) == "Pending"
    assert outcome(job.reconciled(300)) == "PendingDeadlineExceeded"
    assert "exceeded quota: jobs" in job.status["message"]


def test_waiting_is_over_when_a_pod_starts_and_begins_anew_when_the_job_is_resumed() -> None:
    job = a_running_job(pendingDeadlineSeconds=300)
    assert outcome(job.reconciled(1000)) == "Running"
    job.asking(suspend=True).reconciled(1000).without_pods()
    assert outcome(job.reconciled(2000)) == "Suspended"
    job.asking(suspend=False).reconciled(3000)
    job.child["status"]["startTime"] = text(moment(3000))
    assert outcome(job.with_unschedulable_pod(NO_GPU).reconciled(3299)) == "Pending"
    assert outcome(job.reconciled(3300)) == "PendingDeadlineExceeded"


def test_pods_that_start_and_fail_are_no_gpu_that_never_came() -> None:
    job = a_job().asking(pendingDeadlineSeconds=300).reconciled().with_child(started=0).with_failed_pod(70, when=60)
    assert outcome(job.with_unschedulable_pod(NO_GPU).reconciled(400)) == "Pending"
