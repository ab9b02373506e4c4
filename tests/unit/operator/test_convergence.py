"""Whatever the moment: an operator killed between any two steps, or two at once, and the end is the same."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.operator.world import Job, a_job, a_running_job

SITUATIONS: dict[str, Callable[[], Job]] = {
    "first sight": a_job,
    "suspend": lambda: a_running_job().asking(suspend=True),
    "resize": lambda: a_running_job().asking(parallelism=3),
    "new run": lambda: a_running_job().with_shard(total=2, succeeded=1).reconciled(5).asking(runId="b"),
    "new run, resized and suspended": lambda: a_running_job().asking(runId="b", parallelism=2, suspend=True),
    "the end": lambda: (
        a_running_job()
        .with_shard(total=1, succeeded=1, stage="Finished")
        .without_pods()
        .with_pod(0, "Succeeded")
        .child_ended("Complete", 50)
    ),
    "failure": lambda: a_running_job().without_pods().child_ended("Failed", 50, "BackoffLimitExceeded"),
}


def world(job: Job) -> tuple[object, ...]:
    children = {name: raw["spec"] for name, raw in job.children.items()}
    return children, {k: v for k, v in job.status.items() if k != "conditions"}


@pytest.mark.parametrize("situation", SITUATIONS)
@settings(deadline=None)
@given(kills=st.lists(st.integers(min_value=0, max_value=3), max_size=6))
def test_kills_between_any_two_steps_change_nothing_in_the_end(situation: str, kills: list[int]) -> None:
    undisturbed = SITUATIONS[situation]().reconciled(60)
    job = SITUATIONS[situation]()
    for steps in kills:
        job.apply(job.reconcile(60), steps=steps)
    assert world(job.reconciled(60)) == world(undisturbed)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_second_operator_that_acts_on_the_same_sight_changes_nothing(situation: str) -> None:
    undisturbed = SITUATIONS[situation]().reconciled(60)
    job = SITUATIONS[situation]()
    plan, same = job.reconcile(60), job.reconcile(60)
    job.apply(plan, steps=len(plan.children))
    job.apply(same)
    assert world(job.reconciled(60)) == world(undisturbed)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_settled_job_stays_settled(situation: str) -> None:
    job = SITUATIONS[situation]().reconciled(60)
    plan = job.reconcile(61)
    assert (plan.children, plan.status, plan.events) == ((), None, ())
