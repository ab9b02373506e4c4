"""What status remembers of a job's way from phase to phase, for those who are told of it."""

from typing import Any

from tests.unit.operator.world import SETTINGS, Job, a_job, at, finished, text
from transcription_api.names import MAX_TRANSITIONS
from transcription_operator.repetition import SAID_AFTER, Repetition
from transcription_operator.settings import EventSink, LeaseName, OperatorSettings

SINK = EventSink(url="https://sink.example.com/", lease=LeaseName(namespace="home"))
TELLING = SETTINGS.model_copy(update={"events": SINK})


def told(job: Job) -> list[tuple[Any, ...]]:
    """Number, phase and reason of each."""
    return [(one["number"], one["phase"], one["reason"]) for one in job.status.get("transitions", [])]


def seen(job: Job, seconds: float) -> Job:
    return job.reconciled(seconds, TELLING)


def a_job_that_ran() -> Job:
    job = seen(seen(a_job(), 0), 5)
    seen(job.with_running_pod(since=6), 6)
    return seen(finished(job.with_shard(total=1, succeeded=1, stage="Finished")), 101)


def test_a_job_goes_from_pending_over_running_to_its_end() -> None:
    job = a_job_that_ran()
    assert told(job) == [(1, "Pending", "PodsStarting"), (2, "Running", "PodsRunning"), (3, "Succeeded", "Completed")]
    last = job.status["transitions"][-1]
    assert (last["time"], last["jobName"], last["message"]) == (text(at(101)), job.job_name, job.status["message"])


def test_an_end_that_comes_first_is_the_only_transition() -> None:
    job = seen(a_job().refused("no such image", final=True), 1)
    assert told(job) == [(1, "Failed", "JobRejected")]


def test_figures_and_reasons_that_change_within_a_phase_are_no_transition() -> None:
    job = seen(seen(a_job(), 0), 5)
    before = told(job)
    seen(job.with_unschedulable_pod("0/1 nodes are available"), 9)
    assert job.condition("Running")["reason"] == "Unschedulable"
    assert told(job) == before


def test_suspending_and_resuming_are_told() -> None:
    job = seen(seen(a_job(), 0), 5)
    seen(job.asking(suspend=True), 9)
    seen(job.asking(suspend=False), 12)
    assert [phase for _, phase, _ in told(job)] == ["Pending", "Suspended", "Pending"]


def test_another_run_goes_on_counting_and_is_told_apart_by_its_name() -> None:
    job = a_job_that_ran()
    first = job.job_name
    seen(job.without_pods().asking(runId="again"), 200)
    assert [one["number"] for one in job.status["transitions"]] == [1, 2, 3, 4]
    step = job.status["transitions"][-1]
    assert (step["phase"], step["runId"]) == ("Pending", "again")
    assert step["jobName"] == job.job_name != first


def test_a_run_that_ends_as_the_one_before_is_a_transition_all_the_same() -> None:
    job = seen(a_job().refused("no such image", final=True), 1)
    seen(job.asking(runId="again"), 9)
    assert [phase for _, phase, _ in told(job)] == ["Failed", "Failed"]


def test_only_the_last_are_kept_with_their_numbers() -> None:
    job = seen(seen(a_job(), 0), 5)
    for n in range(20):
        seen(job.asking(suspend=n % 2 == 0), 10 + n)
    numbers = [number for number, _, _ in told(job)]
    assert numbers == list(range(22 - MAX_TRANSITIONS, 22))


def test_nothing_is_kept_where_nobody_is_told_and_what_was_kept_stays_as_it_is() -> None:
    job = a_job().reconciled(5)
    assert "transitions" not in job.status
    job = seen(seen(a_job(), 0), 5)
    kept = told(job)
    job.asking(suspend=True).reconciled(9)
    assert (job.status["phase"], told(job)) == ("Suspended", kept)


def statuses_written(settings: OperatorSettings) -> int:
    """In the whole life of a job that waits, runs and ends."""
    job, written = a_job(), 0

    def looks(seconds: float) -> None:
        nonlocal written
        while (plan := job.reconcile(seconds, settings)).children or plan.status:
            written += plan.status is not None
            job.apply(plan)

    looks(0)
    looks(5)
    job.with_running_pod(since=6)
    looks(6)
    finished(job.with_shard(total=1, succeeded=1, stage="Finished"))
    looks(101)
    return written


def test_a_transition_costs_no_write_of_its_own() -> None:
    assert statuses_written(TELLING) == statuses_written(SETTINGS) == 3


def test_a_phase_that_does_not_stay_written_is_held_back_though_each_attempt_would_have_a_number_of_its_own() -> None:
    clock = 0.0
    repetition = Repetition(lambda: clock)
    said = []
    for number in range(SAID_AFTER):
        said.append(repetition.wrote("uid", {"phase": "Running", "transitions": [{"number": number}]}))
        clock += 300
    assert said[-1] is not None
    assert "does not stay so" in said[-1]
