"""Who may suspend, resume and resize the child Job: its queue controller, spec.suspend, or a person; and nobody is fought."""

import pytest

from tests.unit.operator.world import Job, a_job, a_running_job
from transcription_api.names import ANNOTATION_LAST_APPLIED, LABEL_QUEUE
from transcription_operator.plan import DeleteJob, PatchJob, StartRun


def a_queued_job(**spec: object) -> Job:
    """Its Job is suspended at its creation, as a queue controller's webhook does."""
    job = a_job().queued("gpu").asking(**spec).reconciled()
    job.child["spec"]["suspend"] = True
    return job.reconciled()


def admitted(job: Job, *, parallelism: int | None = None) -> Job:
    job.child["spec"].update({"suspend": False} | ({"parallelism": parallelism} if parallelism else {}))
    return job


def suspended_by_hand(job: Job) -> Job:
    job.child["spec"]["suspend"] = True
    return job.without_pods()


# --- a queue controller -----------------------------------------------------------------------------------------------


def test_a_queued_job_waits_until_its_queue_controller_admits_it_and_goes_back_when_that_takes_it_back() -> None:
    job = a_queued_job()
    assert job.reconcile().children == ()
    assert (job.status["phase"], job.condition("Running")["reason"]) == ("Pending", "Queued")
    assert "gpu" in job.status["message"]
    admitted(job).started(5)
    assert job.status["phase"] == "Running"
    suspended_by_hand(job)
    assert job.reconcile(10).children == ()
    assert job.reconciled(10).condition("Running")["reason"] == "Queued"
    assert admitted(job).started(20).status["phase"] == "Running"


def test_a_queued_job_is_stopped_by_removing_it_and_made_again() -> None:
    job = a_queued_job().asking(suspend=True)
    assert job.reconcile().children == (DeleteJob(job.job_name, f"uid-{job.job_name}"),)
    job.reconciled()
    assert (job.status["phase"], job.children) == ("Suspended", {})
    job.asking(suspend=False).reconciled()
    assert job.job_name in job.children


def test_the_jobs_own_label_counts_and_not_the_resources() -> None:
    job = a_queued_job().labelled()
    assert job.reconcile().children == (), "a Job that is queued is not let loose"
    assert job.reconciled().condition("Running")["reason"] == "Queued"

    job = a_running_job().queued("late").asking(suspend=True)
    (patch,) = job.reconcile().children
    assert isinstance(patch, PatchJob), "a Job that is not queued is suspended, not removed"


def test_a_queue_that_somebody_else_gave_the_job_counts_too() -> None:
    job = a_job().reconciled()
    job.child["metadata"]["labels"][LABEL_QUEUE] = "default"
    job.child["spec"]["suspend"] = True
    assert job.reconcile().children == ()
    assert "default" in job.reconciled().status["message"]


def test_a_part_of_the_pods_that_a_queue_controller_admits_stays_a_part() -> None:
    job = admitted(a_queued_job(parallelism=4), parallelism=2).started(5)
    assert job.reconcile(6).children == ()
    job.asking(parallelism=3).reconciled(10)
    assert job.child["spec"]["parallelism"] == 3, "a new wish is passed on"
    job.child["spec"]["parallelism"] = 1
    assert job.reconcile(20).children == ()


def test_no_other_has_a_say_in_the_size_of_a_job() -> None:
    job = a_running_job(parallelism=4)
    job.child["spec"].update(parallelism=1, completions=1)
    assert job.reconciled(10).child["spec"]["parallelism"] == 4


def test_every_shard_of_a_part_is_waited_for() -> None:
    job = admitted(a_queued_job(parallelism=2), parallelism=1).started(5).without_pods()
    job.with_shard(0, total=2, succeeded=2, stage="Finished").child_ended("Complete", 100)
    assert not job.reconcile(101).ends_run
    job.with_shard(1, total=2, stage="Finished")
    assert job.reconcile(101).ends_run


# --- a person, or a controller that nobody told us of -----------------------------------------------------------------


def test_a_job_that_somebody_suspends_is_left_alone_and_the_status_says_how_to_go_on() -> None:
    job = suspended_by_hand(a_running_job())
    assert job.reconcile(10).children == ()
    job.reconciled(10)
    assert (job.status["phase"], job.condition("Suspended")["reason"]) == ("Suspended", "SuspendedByOther")
    assert f"kubectl patch job -n team {job.job_name}" in job.status["message"]
    admitted(job).started(20)
    assert (job.status["phase"], job.condition("Suspended")["status"]) == ("Running", "False")
    assert [reason for _, reason in job.events] == ["Suspended", "Resumed"]


def test_spec_suspend_has_the_last_word_when_it_changes() -> None:
    job = suspended_by_hand(a_running_job()).reconciled(10).asking(suspend=True).reconciled(20)
    assert (job.status["phase"], job.condition("Suspended")["reason"]) == ("Suspended", "SuspendRequested")
    job.asking(suspend=False)
    plan = job.reconcile(30)
    assert [action.spec for action in plan.children if isinstance(action, PatchJob)] == [{"suspend": False}]
    job.apply(plan)
    assert job.reconciled(30).status["phase"] == "Pending"


def test_a_job_that_somebody_resumes_against_spec_suspend_is_left_alone_too() -> None:
    job = a_running_job().asking(suspend=True).reconciled(10)
    admitted(job)
    assert job.reconcile(20).children == ()
    assert job.reconciled(20).status["phase"] == "Running"


def test_what_was_applied_stands_on_the_job_from_its_beginning_and_after_each_change() -> None:
    job = a_job().asking(parallelism=2)
    (start,) = job.reconcile().children
    assert isinstance(start, StartRun)
    annotation = start.job["metadata"]["annotations"][ANNOTATION_LAST_APPLIED]
    assert annotation == '{"parallelism": 2, "suspend": false}'
    job.reconciled().asking(suspend=True, parallelism=3).reconciled()
    assert job.child["metadata"]["annotations"][ANNOTATION_LAST_APPLIED] == '{"parallelism": 3, "suspend": true}'


@pytest.mark.parametrize("annotations", [None, {}, {ANNOTATION_LAST_APPLIED: "spoilt"}, {ANNOTATION_LAST_APPLIED: "[]"}])
def test_a_job_that_does_not_say_what_was_applied_is_brought_in_line_once(annotations: dict[str, str] | None) -> None:
    job = a_running_job().asking(suspend=True)
    job.child["metadata"]["annotations"] = annotations
    if annotations is None:
        del job.child["metadata"]["annotations"]
    job.reconciled(10)
    assert job.child["spec"]["suspend"] is True
    assert job.child["metadata"]["annotations"][ANNOTATION_LAST_APPLIED] == '{"parallelism": 1, "suspend": true}'
