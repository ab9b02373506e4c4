"""Kubernetes Events tell of transitions, and of nothing else: each costs the API server as much as a status."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.operator.world import Job, a_job, at
from transcription_api.status import TranscriptionJobStatus

STEPS: dict[str, Callable[[Job, int], object]] = {
    "nothing happens": lambda job, _: job,
    "a pod waits for a node": lambda job, n: job.without_pods().with_unschedulable_pod(f"0/{n} nodes are available"),
    "an image cannot be pulled": lambda job, n: job.without_pods().with_waiting_pod("ImagePullBackOff", f"attempt {n}"),
    "a pod runs": lambda job, n: job.without_pods().with_running_pod(since=n),
    "it reports": lambda job, n: job.without_pods().with_shard(total=99, succeeded=n, audio=(n, 99), reported=n),
    "the store is away": lambda job, n: job.without_pods().with_shard(stage="WaitingForStore", message=f"try {n}", reported=n),
    "a pod fails": lambda job, n: job.without_pods().with_failed_pod(70, f"fault {n}"),
    "suspended": lambda job, _: job.asking(suspend=True),
    "resumed": lambda job, _: job.asking(suspend=False),
    "another run": lambda job, n: job.without_pods().asking(runId=f"run-{n}"),
    "the API server refuses": lambda job, n: job.refused(f"exceeded quota {n}", final=False),
    "it takes all": lambda job, _: setattr(job, "refusal", None),
    "the end": lambda job, n: job.child_ended("Complete", n) if job.job_name in job.children else None,
}


def state(status: TranscriptionJobStatus) -> tuple[object, ...]:
    """Whatever of a status is a state; the rest are figures and words."""
    return status.run_id, status.phase, [(one.type, one.status, one.reason) for one in status.conditions]


@settings(deadline=None)
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=12))
def test_an_event_comes_only_with_another_state(steps: list[str]) -> None:
    job = a_job()
    for n, step in enumerate(steps, 1):
        STEPS[step](job, n)
        for moment in (n * 10, n * 10 + 3, n * 10 + 6):
            before = job.observed().resource.status
            plan = job.reconcile(moment)
            job.apply(plan)
            if plan.events:
                assert state(job.observed().resource.status) != state(before), f"{step} at {at(moment)}: {plan.events}"
                assert len(plan.events) <= 2
