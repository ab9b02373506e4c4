"""The life of a job as the operator sees it: what it does, what it says, and when it leaves a job alone."""

import json

from tests.unit.operator.world import a_job, a_running_job, at, finished, text
from transcription_operator.children.job import SAFE_TTL
from transcription_operator.plan import DeleteJob, PatchJob, StartRun
from transcription_operator.policies.announcements import LONG_WAIT

DENIED = json.dumps({"reason": "StorageAccessDenied", "message": "the store refuses the credentials"})


# --- the usual way ----------------------------------------------------------------------------------------------------


def test_the_first_job_is_made_at_once_and_status_then_says_the_same_name() -> None:
    job = a_job()
    plan = job.reconcile()
    (start,) = plan.children
    assert isinstance(start, StartRun)
    assert plan.status is None
    job.apply(plan)
    status = job.reconciled().status
    assert (status["phase"], status["observedGeneration"], status["runId"]) == ("Pending", 1, "")
    assert status["jobName"] == start.job["metadata"]["name"]


def test_a_later_run_is_recorded_before_its_job_is_made_so_that_its_name_stands_after_a_crash() -> None:
    job = a_running_job()
    old = job.job_name
    plan = job.asking(runId="again").reconcile(9)
    assert [type(action) for action in plan.children] == [DeleteJob]
    assert plan.status is not None
    assert plan.requeue_after == 0
    job.apply(plan)
    (start,) = job.reconcile(9).children
    assert isinstance(start, StartRun)
    assert start.job["metadata"]["name"] == plan.status["jobName"] != old


def test_once_started_nothing_is_done_until_something_changes() -> None:
    job = a_job().reconciled()
    plan = job.reconcile()
    assert (plan.children, plan.status, plan.events, plan.requeue_after) == ((), None, (), None)


def test_a_running_pod_makes_a_running_job() -> None:
    job = a_job().reconciled()
    job.with_child(started=2).with_running_pod(since=5).reconciled(6)
    assert job.status["phase"] == "Running"
    assert job.status["startTime"] == text(at(5))
    assert job.condition("Running")["status"] == "True"
    assert job.events == [], "status says it, with the time of the transition"


def test_reports_become_figures_and_looking_later_changes_nothing() -> None:
    job = a_running_job().with_shard(total=4, succeeded=1, failed=1, audio=(600, 1800), reported=60, languages={"en": 1})
    job.reconciled(61)
    assert job.status["files"] == {"total": 4, "succeeded": 1, "skipped": 0, "failed": 1}
    assert (job.status["fileProgress"], job.status["progress"], job.status["realTimeFactor"]) == ("2/4", "33%", 10.0)
    assert job.status["estimatedCompletionTime"] == text(at(180))
    assert job.reconcile(500).status is None


def test_the_end_is_recorded_with_the_last_reports() -> None:
    job = a_running_job().with_shard(
        total=4, succeeded=3, skipped=1, audio=(600, 600), stage="Finished", reported=99, manifest="calls/_manifest-calls.json"
    )
    plan = finished(job).reconcile(101)
    assert plan.ends_run
    job.reconciled(101)
    assert (job.status["phase"], job.status["progress"], job.status["fileProgress"]) == ("Succeeded", "100%", "4/4")
    assert job.status["completionTime"] == text(at(100))
    assert job.status["realTimeFactor"] == 6.0
    assert job.status["manifest"] == "calls/_manifest-calls.json"
    assert "estimatedCompletionTime" not in job.status
    assert (job.condition("Complete")["status"], job.condition("Complete")["reason"]) == ("True", "Completed")
    assert job.condition("Running")["status"] == "False"
    assert job.events[-1] == ("Normal", "Succeeded")


def test_after_the_end_the_job_gets_its_time_to_live_and_is_left_alone() -> None:
    job = a_job().asking(ttlSecondsAfterFinished=60)
    (start,) = job.reconcile().children
    assert isinstance(start, StartRun)
    assert "ttlSecondsAfterFinished" not in start.job["spec"], "were it gone before its end is recorded, it would start again"
    job = finished(job.reconciled().started().with_shard(total=1, succeeded=1, stage="Finished"))
    job.apply(job.reconcile(101))
    plan = job.reconcile(101)
    assert plan.children == (PatchJob(job.job_name, f"uid-{job.job_name}", {"ttlSecondsAfterFinished": 60}),)
    job.apply(plan)
    assert job.reconcile(102).settled
    job.children.clear()
    plan = job.reconcile(9999)
    assert (plan.children, plan.status, plan.settled) == ((), None, True), "a Job that went by its time is not made again"


def test_a_changed_time_to_live_reaches_a_finished_job() -> None:
    job = finished(a_running_job().with_shard(total=1, succeeded=1, stage="Finished")).reconciled(101)
    job.asking(ttlSecondsAfterFinished=1).reconciled(102)
    assert job.child["spec"]["ttlSecondsAfterFinished"] == 1
    assert job.status["observedGeneration"] == job.raw["metadata"]["generation"]


def test_a_long_time_to_live_is_the_jobs_from_the_beginning_and_costs_no_request_at_the_end() -> None:
    (start,) = a_job().asking(ttlSecondsAfterFinished=SAFE_TTL).reconcile().children
    assert isinstance(start, StartRun)
    assert start.job["spec"]["ttlSecondsAfterFinished"] == SAFE_TTL


# --- waiting ----------------------------------------------------------------------------------------------------------


def test_a_job_that_fits_nowhere_stays_pending_and_says_why_once() -> None:
    job = a_job().reconciled().with_unschedulable_pod("0/1 nodes are available")
    job.reconciled(5).reconciled(50)
    assert job.status["phase"] == "Pending"
    assert (job.condition("Running")["reason"], job.status["message"]) == ("Unschedulable", "0/1 nodes are available")
    assert job.events.count(("Warning", "Unschedulable")) == 1


def test_a_missing_secret_is_waited_for() -> None:
    job = a_job().reconciled().with_waiting_pod("CreateContainerConfigError", 'secret "late" not found').reconciled(5)
    assert (job.status["phase"], job.condition("Running")["reason"]) == ("Pending", "SecretNotFound")
    job.without_pods().started(10)
    assert job.status["phase"] == "Running"


def test_a_store_that_does_not_answer_shows_while_the_pod_runs() -> None:
    job = a_running_job().with_shard(total=4, stage="WaitingForStore", message="minio:9000: connection refused").reconciled(5)
    assert (job.status["phase"], job.condition("Running")["reason"]) == ("Running", "WaitingForStore")
    assert job.status["message"] == "minio:9000: connection refused"
    job.with_shard(total=4, stage="Transcribing").reconciled(9)
    assert job.condition("Running")["reason"] == "PodsRunning"


def test_a_model_that_loads_for_minutes_is_said_to_load() -> None:
    job = a_running_job().with_shard(stage="LoadingModel").reconciled(5)
    assert job.status["message"] == "1 of 1 pods running, loading the model"
    assert job.with_shard(total=4).reconciled(9).status["message"] == "1 of 1 pods running"


def test_a_job_without_pods_for_long_whose_events_say_nothing_points_to_them() -> None:
    job = a_job().reconciled().with_child(started=0)
    plan = job.reconcile(10)
    assert plan.requeue_after == 10
    job.reconciled(30)
    assert job.condition("Running")["reason"] == "PodsNotCreated"
    assert f"kubectl describe job -n team {job.job_name}" in job.status["message"]


def test_a_shard_that_waited_for_the_store_when_its_pod_went_does_not_wait_for_ever() -> None:
    job = a_running_job(parallelism=2).with_shard(1, stage="WaitingForStore", message="connection refused").reconciled(5)
    assert job.condition("Running")["reason"] == "WaitingForStore"
    job.without_pods().asking(parallelism=1).with_shard(0, total=4).reconciled(9)
    assert job.condition("Running")["reason"] == "PodsRunning"
    assert [shard["index"] for shard in job.status["shards"]] == [0, 1], "what it did is remembered"


def test_a_pod_that_is_replaced_does_not_make_the_job_pending() -> None:
    job = a_running_job().without_pods().with_failed_pod(69, '{"reason": "StoreUnavailable", "message": "timeout"}')
    job.reconciled(10)
    assert (job.status["phase"], job.condition("Running")["reason"]) == ("Running", "PodFailed")
    assert "StoreUnavailable: timeout" in job.status["message"]


def test_one_pod_runs_and_one_waits() -> None:
    job = a_running_job(parallelism=2).with_unschedulable_pod("Insufficient nvidia.com/gpu").reconciled(5)
    assert job.status["phase"] == "Running"
    assert job.status["message"] == "1 of 2 pods running; Unschedulable: Insufficient nvidia.com/gpu"


def test_a_refusal_that_may_pass_is_waited_for_and_one_that_may_not_ends_the_run() -> None:
    job = a_job().refused("exceeded quota: jobs", final=False).reconciled()
    assert (job.status["phase"], job.condition("Running")["reason"]) == ("Pending", "JobRejected")
    assert "exceeded quota: jobs" in job.status["message"]
    job.refusal = None
    job.reconciled()
    assert job.status["phase"] == "Pending"
    assert job.events == [("Warning", "JobRejected")]
    job.started(LONG_WAIT.total_seconds())
    assert job.events[1:] == [("Normal", "Started")], "after a long wait the start is told"

    job = a_job().refused("spec.template: Invalid value", final=True).reconciled()
    assert (job.status["phase"], job.condition("Failed")["reason"]) == ("Failed", "JobRejected")


# --- suspend, resume, resize ------------------------------------------------------------------------------------------


def test_suspend_and_resume() -> None:
    job = a_running_job().asking(suspend=True)
    (patch,) = job.reconcile(10).children
    assert isinstance(patch, PatchJob)
    assert (patch.name, patch.spec) == (job.job_name, {"suspend": True})
    job.reconciled(10)
    assert job.status["phase"] == "Suspended"
    assert (job.condition("Suspended")["status"], job.condition("Running")["status"]) == ("True", "False")
    job.without_pods().asking(suspend=False).reconciled(20)
    assert job.child["spec"]["suspend"] is False
    assert job.status["phase"] == "Pending"
    job.started(90)
    assert job.status["phase"] == "Running"
    assert job.status["startTime"] == text(at(0)), "a run starts once"
    assert [reason for _, reason in job.events] == ["Suspended", "Resumed", "Started"]


def test_a_job_that_starts_suspended() -> None:
    job = a_job().asking(suspend=True).reconciled()
    assert (job.status["phase"], job.child["spec"]["suspend"]) == ("Suspended", True)


def test_a_job_that_finished_while_being_suspended_is_finished() -> None:
    job = finished(a_running_job().with_shard(total=1, succeeded=1, stage="Finished")).asking(suspend=True).reconciled(101)
    assert job.status["phase"] == "Succeeded"


def test_parallelism_changes_with_completions() -> None:
    job = a_running_job().asking(parallelism=3)
    (patch,) = job.reconcile().children
    assert isinstance(patch, PatchJob)
    assert (patch.name, patch.spec) == (job.job_name, {"parallelism": 3, "completions": 3})


# --- other runs, deletion, accidents ----------------------------------------------------------------------------------


def test_a_new_run_replaces_an_unfinished_one_and_starts_from_nothing() -> None:
    job = a_running_job().with_shard(total=4, succeeded=2, failed=1, audio=(10, 40), manifest="x/y").reconciled(5)
    first = job.job_name
    job.asking(runId="again")
    second = job.job_name
    plan = job.reconcile(50)
    assert plan.children == (DeleteJob(first, f"uid-{first}"),)
    job.reconciled(50)
    assert set(job.children) == {second}
    for name in ("shards", "files", "failures", "manifest", "startTime", "progress", "realTimeFactor"):
        assert name not in job.status
    assert (job.status["runId"], job.status["jobName"], job.status["phase"]) == ("again", second, "Pending")


def test_a_new_run_after_the_end_leaves_the_old_job_to_its_time() -> None:
    job = finished(a_running_job().with_shard(total=1, succeeded=1, stage="Finished")).reconciled(101)
    first = job.job_name
    job.without_pods().asking(runId="again").reconciled(200)
    assert set(job.children) == {first, job.job_name}
    assert job.children[first]["spec"]["ttlSecondsAfterFinished"] == 3600
    assert "completionTime" not in job.status
    assert job.condition("Complete") == {}


def test_a_job_deleted_by_hand_is_made_again() -> None:
    job = a_running_job().without_pods()
    job.children.clear()
    job.reconciled(10)
    assert job.job_name in job.children
    assert job.events[-1] == ("Normal", "JobRecreated")


def test_a_job_that_is_being_deleted_is_waited_for() -> None:
    job = a_running_job().without_pods()
    job.child["metadata"]["deletionTimestamp"] = text(at(5))
    assert job.reconcile(6).children == ()
    job.reconciled(6)
    assert job.condition("Running")["reason"] == "JobDeleted"


def test_a_resource_that_is_being_deleted_is_left_alone() -> None:
    plan = a_running_job().asking(suspend=True).being_deleted().reconcile()
    assert (plan.children, plan.status, plan.settled) == ((), None, True)


def test_a_status_that_another_version_wrote_does_not_stop_the_work() -> None:
    job = a_running_job().with_shard(total=2, succeeded=1)
    job.reconciled(4).raw["status"]["fromTheFuture"] = {"x": 1}
    job.raw["status"]["shards"].append({"index": 1, "nonsense": True})
    job.reconcile(5)
    assert job.observed().resource.status.run_id == ""
    assert [shard.index for shard in job.observed().resource.status.shards or []] == [0]
