"""A node whose GPU stopped working: the run remembers it, and its Job is made anew elsewhere once nothing is lost by that."""

import json
from typing import Any

import pytest

from tests.unit.operator.world import Job, a_job, a_running_job
from transcription_api.names import ANNOTATION_AVOIDED_NODES
from transcription_operator.plan import DeleteJob, Plan, StartRun

DEAD = json.dumps({"reason": "DeviceFailed", "message": "the GPU stopped working: CUDA error"})
BUG = json.dumps({"reason": "InternalError", "message": "a bug"})


def failed(job: Job, node: str = "gpu-1", said: str = DEAD, index: int = 0) -> Job:
    return job.with_failed_pod(70, said, index=index).on_node(node)


def with_dead_pod(**spec: Any) -> Job:
    """A job whose one pod has just found its GPU dead."""
    return failed(a_running_job(**spec).without_pods())


def step(job: Job, seconds: float) -> Plan:
    """One look, carried out."""
    plan = job.reconcile(seconds)
    job.apply(plan)
    return plan


def test_the_node_is_recorded_before_anything_else_is_done() -> None:
    job = with_dead_pod()
    plan = step(job, 61)
    assert (plan.children, plan.requeue_after) == ((), 0.0)
    assert job.status["avoidedNodes"] == ["gpu-1"]


def test_then_the_job_is_made_anew_with_pods_that_keep_away_where_they_can() -> None:
    job = with_dead_pod()
    step(job, 61)
    assert [type(action) for action in step(job, 62).children] == [DeleteJob]
    assert job.status["phase"] == "Running", "the run goes on"
    (start,) = step(job, 63).children
    assert isinstance(start, StartRun)
    (preferred,) = start.job["spec"]["template"]["spec"]["affinity"]["nodeAffinity"].popitem()[1]
    assert preferred["preference"]["matchFields"] == [{"key": "metadata.name", "operator": "NotIn", "values": ["gpu-1"]}]
    assert start.job["metadata"]["annotations"][ANNOTATION_AVOIDED_NODES] == "gpu-1"
    assert start.announcement is not None
    assert "its pods keep away from node gpu-1, whose GPU stopped working" in start.announcement.message
    assert job.reconciled(64).events[-1] == ("Normal", "JobRecreated")


def test_a_job_that_avoids_no_node_says_nothing_of_affinity() -> None:
    (start,) = step(a_job(), 0).children
    assert isinstance(start, StartRun)
    assert "affinity" not in start.job["spec"]["template"]["spec"]
    assert ANNOTATION_AVOIDED_NODES not in start.job["metadata"]["annotations"]


def test_the_same_node_again_costs_a_retry_and_moves_nothing() -> None:
    job = failed(with_dead_pod().reconciled(61)).reconciled(70)
    assert "is being replaced" in job.status["message"]
    assert len(job.pods) == 1
    assert [reason for _, reason in job.events].count("JobRecreated") == 1


def test_another_node_is_a_reason_again_and_both_are_avoided() -> None:
    job = failed(with_dead_pod().reconciled(61), "gpu-2").reconciled(70)
    assert job.status["avoidedNodes"] == ["gpu-1", "gpu-2"]
    assert job.child["metadata"]["annotations"][ANNOTATION_AVOIDED_NODES] == "gpu-1,gpu-2"


def test_while_other_pods_work_the_node_is_remembered_and_the_job_left_alone() -> None:
    job = failed(a_running_job(parallelism=2), index=1).reconciled(61)
    assert job.status["avoidedNodes"] == ["gpu-1"]
    assert job.children
    assert len(job.pods) == 2


@pytest.mark.parametrize(
    ("why_not", "job"),
    [
        ("an error of the program", failed(a_running_job().without_pods(), said=BUG)),
        ("no retry is left", with_dead_pod(backoffLimit=0)),
        ("the shard is given up instead", with_dead_pod(backoffLimitPerIndex=1)),
        ("a queue controller has admitted it", failed(a_job().queued().reconciled().started().without_pods())),
    ],
)
def test_otherwise_the_job_stays(why_not: str, job: Job) -> None:
    job.reconciled(61)
    assert job.pods, why_not
    assert "JobRecreated" not in [reason for _, reason in job.events]


def test_another_run_begins_without_prejudice() -> None:
    job = with_dead_pod().reconciled(61).asking(runId="2").reconciled(62)
    assert "avoidedNodes" not in job.status
    assert ANNOTATION_AVOIDED_NODES not in job.child["metadata"]["annotations"]
