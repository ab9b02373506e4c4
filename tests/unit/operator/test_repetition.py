"""What does not stay done is done again seldom and said once; everything else is done at once."""

from collections.abc import Callable

import pytest

from tests.unit.operator.world import SETTINGS, START, Job, a_job, a_running_job
from transcription_api.status import ConditionType
from transcription_operator.observed import Contest, Observed
from transcription_operator.plan import ChildAction, DeleteJob, PatchJob, Plan
from transcription_operator.policies.conditions import condition
from transcription_operator.reconcile import reconcile
from transcription_operator.repetition import FORGOTTEN_AFTER, LONGEST_PAUSE, SAID_AFTER, Repetition

DEED = (PatchJob("calls-1", "u1", {"ttlSecondsAfterFinished": 60}),)


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def after(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def repetition(time: Time) -> Repetition:
    return Repetition(time)


def done(repetition: Repetition, *, times: int, time: Time) -> list[str | None]:
    """The same deed, each time as soon as it may be done."""
    said = []
    for _ in range(times):
        time.after(repetition.hold_back("a", Plan(children=DEED)).requeue_after or 0)
        assert repetition.hold_back("a", Plan(children=DEED)).children == DEED
        said.append(repetition.acted("a", DEED))
    return said


def test_the_same_deed_waits_twice_as_long_each_time_and_minutes_at_most(repetition: Repetition, time: Time) -> None:
    pauses = []
    for _ in range(12):
        done(repetition, times=1, time=time)
        held = repetition.hold_back("a", Plan(children=DEED))
        assert held.children == ()
        pauses.append(held.requeue_after)
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, *[LONGEST_PAUSE] * 3]


@pytest.mark.parametrize(
    "other",
    [
        (PatchJob("calls-1", "u1", {"ttlSecondsAfterFinished": 61}),),
        (PatchJob("calls-1", "u2", {"ttlSecondsAfterFinished": 60}),),
        (DeleteJob("calls-1", "u1"),),
    ],
)
def test_another_deed_or_another_object_is_not_held_back(
    repetition: Repetition, time: Time, other: tuple[ChildAction, ...]
) -> None:
    done(repetition, times=5, time=time)
    assert repetition.hold_back("a", Plan(children=other)).children == other
    repetition.acted("a", other)
    assert repetition.hold_back("a", Plan(children=DEED)).children == DEED, "a user who changes his mind twice is not held back"


def test_a_new_deed_takes_the_old_one_along_and_the_old_one_alone_waits_again(repetition: Repetition, time: Time) -> None:
    done(repetition, times=5, time=time)
    both = (*DEED, DeleteJob("calls-0", "u0"))
    assert repetition.hold_back("a", Plan(children=both)).children == both
    repetition.acted("a", both)
    assert repetition.hold_back("a", Plan(children=DEED)).requeue_after == 1


def test_another_resource_is_not_held_back(repetition: Repetition, time: Time) -> None:
    done(repetition, times=5, time=time)
    assert repetition.hold_back("b", Plan(children=DEED)).children == DEED


def test_all_is_forgotten_after_a_quiet_time(repetition: Repetition, time: Time) -> None:
    done(repetition, times=9, time=time)
    time.after(FORGOTTEN_AFTER)
    assert repetition.contest("a") is None
    done(repetition, times=1, time=time)
    assert repetition.hold_back("a", Plan(children=DEED)).requeue_after == 1


def test_a_plan_that_asks_for_another_look_at_once_gets_it_when_the_deed_may_be_done(repetition: Repetition, time: Time) -> None:
    done(repetition, times=3, time=time)
    assert repetition.hold_back("a", Plan(children=DEED, requeue_after=0.0)).requeue_after == 4
    assert repetition.hold_back("a", Plan(children=DEED, requeue_after=3.0)).requeue_after == 3
    assert repetition.hold_back("a", Plan(requeue_after=0.0)).requeue_after == 0


def test_it_is_said_once_what_does_not_stay(repetition: Repetition, time: Time) -> None:
    said = done(repetition, times=6, time=time)
    assert [message is not None for message in said] == [n == SAID_AFTER for n in range(1, 7)]
    contest = repetition.contest("a")
    assert contest is not None
    assert contest.message == said[SAID_AFTER - 1]
    assert contest.message.startswith("ttlSecondsAfterFinished=60 was set on Job calls-1 again and again")
    assert contest.over_in == FORGOTTEN_AFTER


def test_a_status_that_differs_in_nothing_but_the_time_is_the_same(repetition: Repetition) -> None:
    def patch(second: int) -> dict[str, object]:
        moment = f"2026-11-23T12:00:0{second}Z"
        return {"message": "x", "completionTime": moment, "conditions": [{"type": "Running", "lastTransitionTime": moment}]}

    repetition.wrote("a", patch(1))
    held = repetition.hold_back("a", Plan(status=patch(2), ends_run=True))
    assert (held.status, held.ends_run, held.requeue_after) == (None, False, 1)
    other = patch(2) | {"message": "y"}
    assert repetition.hold_back("a", Plan(status=other)).status == other
    assert repetition.hold_back("a", Plan(status={"message": "x"})).status is None, "a part of what was written is nothing new"


def test_a_status_that_is_not_kept_is_said_once_and_is_no_contest_that_status_would_have_to_tell(repetition: Repetition) -> None:
    said = [repetition.wrote("a", {"runId": ""}) for _ in range(5)]
    assert [message is not None for message in said] == [n == SAID_AFTER for n in range(1, 6)]
    assert repetition.contest("a") is None


def test_nothing_is_kept_of_what_is_settled_or_gone(repetition: Repetition, time: Time) -> None:
    done(repetition, times=5, time=time)
    repetition.wrote("a", {"runId": ""})
    repetition.forget("a")
    assert len(repetition) == 0


# --- with the decision ------------------------------------------------------------------------------------------------


class Cluster:
    """A job and an operator in a cluster where `stubborn` undoes things after each step; time is the loop's own."""

    def __init__(self, job: Job, stubborn: Callable[[Job], None]) -> None:
        self.job, self._stubborn = job, stubborn
        self.time = Time()
        self._repetition = Repetition(self.time)
        self.acted, self.wrote = 0, 0

    def run(self, seconds: float) -> None:
        """Look, and look again whenever that was asked for, at once if it was."""
        end = self.time.now + seconds
        for _ in range(500):
            plan = self._step()
            self._stubborn(self.job)
            if plan.settled or plan.requeue_after is None or self.time.now + plan.requeue_after > end:
                return
            self.time.after(plan.requeue_after)
        raise AssertionError("a hot loop")

    def _step(self) -> Plan:
        seen = self.job.observed()
        observed = Observed(seen.resource, seen.jobs, seen.pods, None, self._repetition.contest("a"))
        now = START.fromtimestamp(START.timestamp() + self.time.now, START.tzinfo)
        plan = self._repetition.hold_back("a", reconcile(observed, now, SETTINGS))
        self.job.apply(plan)
        if plan.children:
            self.acted += 1
            self._repetition.acted("a", plan.children)
        if plan.status is not None:
            self.wrote += 1
            self._repetition.wrote("a", plan.status)
        return plan


def a_finished_job() -> Job:
    job = a_running_job().with_shard(total=1, succeeded=1, stage="Finished").without_pods()
    return job.with_pod(0, "Succeeded").child_ended("Complete", 100)


def test_a_time_to_live_that_a_policy_changes_costs_a_dozen_requests_an_hour_and_two_status_writes() -> None:
    def policy(job: Job) -> None:
        job.child["spec"]["ttlSecondsAfterFinished"] = 900

    cluster = Cluster(a_finished_job(), policy)
    cluster.run(3600)
    assert cluster.acted < 24
    assert cluster.wrote == 2, "the end, and the condition"
    told = condition(cluster.job.observed().resource.status.conditions, ConditionType.CONTESTED)
    assert told is not None
    assert told.status == "True"
    assert cluster.job.events[-1] == ("Warning", "Contested")
    assert cluster.job.status["phase"] == "Succeeded"


def test_a_contest_that_is_over_is_taken_back_and_the_job_is_settled() -> None:
    policies = [900] * 5

    def policy(job: Job) -> None:
        if policies and job.child["spec"].get("ttlSecondsAfterFinished") == 3600:
            job.child["spec"]["ttlSecondsAfterFinished"] = policies.pop()

    cluster = Cluster(a_finished_job(), policy)
    cluster.run(3600)
    assert cluster.job.child["spec"]["ttlSecondsAfterFinished"] == 3600
    assert cluster.job.condition("Contested") == {}
    assert cluster.wrote == 3
    assert cluster.job.reconcile(9999).settled


def test_a_status_field_that_is_pruned_starts_no_loop() -> None:
    def pruning(job: Job) -> None:
        job.raw["status"].pop("runId", None)

    cluster = Cluster(a_job(), pruning)
    cluster.run(3600)
    assert cluster.wrote < 24


def test_a_suspended_run_that_does_not_stay_recorded_is_written_seldom_and_has_no_job_made_time_and_again() -> None:
    def policy(job: Job) -> None:
        job.raw["status"]["runId"] = "theirs"

    cluster = Cluster(a_running_job().asking(runId="ours", suspend=True), policy)
    cluster.run(3600)
    assert 5 < cluster.wrote < 24
    assert cluster.job.children == {}, "the one that was there was another run's"


def test_a_contest_keeps_the_time_at_which_it_began() -> None:
    job = a_running_job()
    seen = job.observed()
    contested = Observed(seen.resource, seen.jobs, seen.pods, None, Contest("x was set again and again", 600))
    job.apply(reconcile(contested, START, SETTINGS))
    later = Observed(job.observed().resource, seen.jobs, seen.pods, None, Contest("x was set again and again", 500))
    plan = reconcile(later, START.replace(hour=13), SETTINGS)
    assert plan.status is None
    assert plan.requeue_after == 500
