"""What a job costs in requests: a user is told what matters to him when it happens, and nothing twice."""

from typing import Self

from tests.unit.operator.test_effective import EVERYTHING, STRICTER
from tests.unit.operator.world import Job, a_job, a_running_job, at
from transcription_operator.plan import Plan
from transcription_operator.policies.patience import UNTIL_PODS_START, UNTIL_THE_JOB_ENDS


class Counted:
    """An operator that counts what it writes: changes of children, statuses, Events."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.writes: list[str] = []

    def looks(self, seconds: float) -> Self:
        """At the job, until nothing is left to do for the moment."""
        while (plan := self.job.reconcile(seconds)).children or plan.status:
            self._carry_out(plan, seconds)
        return self

    def _carry_out(self, plan: Plan, seconds: float) -> None:
        events = len(self.job.events)
        self.job.apply(plan)
        self.writes += [type(action).__name__ for action in plan.children]
        self.writes += ["status"] if plan.status else []
        self.writes += [reason for _, reason in self.job.events[events:]]
        for child in self.job.children.values():
            if child["metadata"]["creationTimestamp"] < "2026-11-23T12":
                child["metadata"]["creationTimestamp"] = at(seconds).isoformat()


def test_an_ordinary_run_of_one_pod_costs_four_writes_events_included() -> None:
    job = a_job()
    operator = Counted(job).looks(0)
    job.child["status"]["startTime"] = at(1).isoformat()
    operator.looks(1)
    job.with_pod(0, "Pending")
    operator.looks(1)
    job.without_pods().with_running_pod(since=2)
    operator.looks(2)
    job.with_shard(total=1, succeeded=1, audio=(60, 60), stage="Finished", reported=60).pod_ended(61)
    operator.looks(61)
    job.child_ended("Complete", 62)
    operator.looks(63)
    assert operator.writes == ["StartRun", "status", "status", "Succeeded"], "the Job, running, the end, and its Event"
    assert job.reconcile(64).settled


def test_a_job_whose_pods_take_longer_is_said_to_wait() -> None:
    job = a_job()
    operator = Counted(job).looks(0)
    plan = job.reconcile(1)
    assert (plan.status, plan.requeue_after) == (None, UNTIL_PODS_START.total_seconds() - 1)
    operator.looks(3)
    assert (job.status["phase"], job.condition("Running")["reason"]) == ("Pending", "PodsStarting")


def test_what_keeps_a_job_from_starting_is_said_at_once() -> None:
    job = a_job()
    operator = Counted(job).looks(0)
    job.with_unschedulable_pod("0/1 nodes are available")
    operator.looks(0)
    assert operator.writes == ["StartRun", "status", "Unschedulable"]


def test_a_job_that_begins_suspended_says_so_at_once() -> None:
    assert Counted(a_job().asking(suspend=True)).looks(0).writes == ["StartRun", "status", "Suspended"]


def test_a_run_that_follows_another_is_recorded_at_once_for_what_status_says_is_no_longer_true() -> None:
    job = a_running_job().asking(runId="2")
    assert Counted(job).looks(9).writes == ["DeleteJob", "status", "StartRun"]
    assert job.status["runId"] == "2"


def test_pods_that_are_done_are_not_news_unless_the_job_does_not_end() -> None:
    job = a_running_job().with_shard(total=1, succeeded=1, stage="Finished", reported=60).pod_ended(61)
    plan = job.reconcile(62)
    assert (plan.status, plan.requeue_after) == (None, UNTIL_THE_JOB_ENDS.total_seconds() - 1)
    job.reconciled(66)
    assert job.status["message"] == "pods are being replaced or are done"


def test_what_a_departed_pod_said_is_never_kept_back() -> None:
    job = a_running_job(parallelism=2).with_shard(0, total=2, succeeded=1, stage="Finished").pod_ended(61)
    gone = job.observed().pods
    job.without_pods().with_pod(1, "Succeeded").child_ended("Complete", 62)
    assert job.reconcile(62).status is None
    job.departed = gone
    assert job.reconcile(62).status is not None


def test_an_operator_whose_clock_is_behind_keeps_nobody_waiting() -> None:
    job = a_job()
    job.apply(job.reconcile(0))
    job.child["metadata"]["creationTimestamp"] = at(3600).isoformat()
    assert job.reconcile(1).status is not None


def test_an_operator_that_comes_back_with_other_settings_records_what_the_job_was_made_with() -> None:
    job = a_job()
    job.apply(job.reconcile(settings=EVERYTHING))
    began_with = a_job().reconciled(settings=EVERYTHING).status["effective"]
    assert job.status == {}, "it was killed before it said anything"
    assert job.reconciled(9, STRICTER).status["effective"] == began_with
    assert job.status["phase"] == "Pending"


def test_a_job_that_does_not_say_what_it_was_made_with_is_recorded_as_it_would_be_made_now() -> None:
    job = a_job()
    job.apply(job.reconcile(settings=EVERYTHING))
    job.child["metadata"]["annotations"] = {}
    assert job.reconciled(9).status["effective"]["image"] == "runner:1"


def test_an_end_that_comes_before_anything_was_recorded_is_recorded_with_all_that_is_known() -> None:
    job = a_job()
    job.apply(job.reconcile())
    job.with_shard(total=1, succeeded=1, stage="Finished", reported=60).pod_ended(61).child_ended("Complete", 62)
    plan = job.reconcile(99)
    assert plan.ends_run
    job.reconciled(99)
    assert (job.status["phase"], job.status["files"]["succeeded"]) == ("Succeeded", 1)
    assert job.events == [("Normal", "Succeeded")]
