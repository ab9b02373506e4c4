"""What becomes of a schedule: one job a run, in CronJob's meaning, whatever happens in between."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.operator.schedule_world import MONDAY, ScheduleWorld, a_schedule, moment, named
from transcription_api.names import ANNOTATION_SCHEDULED_TIME, LABEL_SCHEDULE
from transcription_operator.observed import Refusal
from transcription_operator.schedule.job import due_time
from transcription_operator.schedule.plan import MakeJob

TUESDAY, WEDNESDAY = "2026-11-24T03:00", "2026-11-25T03:00"
THREE = "2026-11-23T03:00"


def test_nothing_is_made_before_its_time_and_the_next_look_is_at_it() -> None:
    world = a_schedule().reconciled()
    assert world.names == []
    assert world.requeue_after == 3 * 3600
    assert world.status["nextScheduleTime"] == "2026-11-23T03:00:00Z"
    assert (world.condition("Ready")["status"], world.condition("Suspended")["status"]) == ("True", "False")


def test_a_run_that_is_due_gets_a_job_named_after_its_time_that_the_schedule_controls() -> None:
    template = {"metadata": {"labels": {"team": "a"}, "annotations": {"b": "c"}}, "spec": {"source": {"bucket": "calls"}}}
    world = a_schedule("0 4 * * *", timeZone="Europe/Madrid", jobTemplate=template).at(THREE)
    (action,) = world.reconcile().actions
    assert isinstance(action, MakeJob)
    metadata = action.job["metadata"]
    assert metadata["name"] == named(THREE)
    assert metadata["labels"] == {"team": "a", LABEL_SCHEDULE: "nightly"}
    assert metadata["annotations"] == {"b": "c", ANNOTATION_SCHEDULED_TIME: "2026-11-23T04:00:00+01:00"}
    (owner,) = metadata["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("TranscriptionSchedule", "uid-of-nightly", True)
    assert action.job["spec"] == {"source": {"bucket": "calls"}}


def test_status_tells_what_was_made_what_runs_and_what_is_next() -> None:
    world = a_schedule().at(THREE).reconciled()
    assert world.status["lastScheduleTime"] == "2026-11-23T03:00:00Z"
    assert world.status["active"] == [{"name": named(THREE), "uid": f"uid-of-{named(THREE)}"}]
    assert world.status["activeCount"] == 1
    assert world.status["nextScheduleTime"] == "2026-11-24T03:00:00Z"
    assert world.events == [("Normal", "JobCreated")]
    world.at("2026-11-23T03:30").ended(named(THREE)).reconciled()
    assert (world.status["activeCount"], "active" in world.status) == (0, False)
    assert world.status["lastSuccessfulTime"] == "2026-11-23T03:30:00Z"
    assert world.events[-1] == ("Normal", "JobSucceeded")


def test_a_run_whose_job_was_deleted_is_not_made_again() -> None:
    world = a_schedule().at(THREE).reconciled()
    world.jobs.clear()
    assert world.at("2026-11-23T03:01").reconciled().names == []


def test_of_several_missed_runs_the_last_is_made_up_for_and_the_others_are_counted_once() -> None:
    world = a_schedule().at("2026-11-25T12:00").reconciled()
    assert world.names == [named(WEDNESDAY)]
    assert world.missed == 2
    assert world.events == [("Normal", "JobCreated"), ("Warning", "MissedSchedule")]
    assert world.reconciled().missed == 2


def test_more_than_a_hundred_missed_runs_are_made_up_for_by_one_job_too() -> None:
    world = a_schedule("* * * * *").at("2026-11-25T12:00").reconciled()
    assert world.names == [named("2026-11-25T12:00")]
    assert world.missed == 100


def test_a_run_that_is_later_than_its_deadline_is_missed_for_good() -> None:
    world = a_schedule(startingDeadlineSeconds=600).at("2026-11-23T03:10:01").reconciled()
    assert (world.names, world.missed) == ([], 1)
    assert world.status["lastMissedTime"] == "2026-11-23T03:00:00Z"
    assert world.events == [("Warning", "MissedSchedule")]
    world.asking(startingDeadlineSeconds=None).reconciled()
    assert world.names == [], "a deadline that is lifted later brings nothing back"
    assert world.at(TUESDAY).reconciled().names == [named(TUESDAY)]


def test_within_its_deadline_a_late_run_is_made() -> None:
    assert a_schedule(startingDeadlineSeconds=600).at("2026-11-23T03:09:59").reconciled().names == [named(THREE)]


def test_suspended_it_makes_nothing_and_says_so_and_on_resume_makes_up_for_the_last_run() -> None:
    world = a_schedule(suspend=True).at(TUESDAY).reconciled()
    assert (world.names, world.requeue_after) == ([], None)
    assert world.condition("Suspended")["status"] == "True"
    assert "nextScheduleTime" not in world.status
    world.asking(suspend=False).at("2026-11-24T05:00").reconciled()
    assert world.names == [named(TUESDAY)]
    assert world.events == [
        ("Normal", "Suspended"),
        ("Normal", "JobCreated"),
        ("Warning", "MissedSchedule"),
        ("Normal", "Resumed"),
    ]


def test_resumed_with_a_deadline_it_makes_up_for_nothing_that_is_older() -> None:
    world = a_schedule(suspend=True, startingDeadlineSeconds=60).at(TUESDAY).reconciled()
    world.asking(suspend=False).at("2026-11-24T05:00").reconciled()
    assert (world.names, world.missed) == ([], 2)


def test_allow_makes_the_next_job_beside_one_that_runs() -> None:
    world = a_schedule().at(THREE).reconciled().at(TUESDAY).reconciled()
    assert world.names == [named(THREE), named(TUESDAY)]
    assert world.status["activeCount"] == 2


def test_forbid_waits_for_the_end_of_the_job_that_runs_and_then_makes_the_last_run() -> None:
    world = a_schedule("*/5 * * * *", concurrencyPolicy="Forbid").at("2026-11-23T00:05").reconciled()
    first = named("2026-11-23T00:05")
    world.at("2026-11-23T00:17").reconciled()
    assert world.names == [first]
    assert first in world.status["message"]
    assert world.requeue_after == 3 * 60
    world.at("2026-11-23T00:18").ended(first).reconciled()
    assert world.names == sorted([first, named("2026-11-23T00:15")])
    assert world.missed == 1


def test_forbid_gives_a_run_up_when_its_deadline_passes_while_it_waits() -> None:
    world = a_schedule(concurrencyPolicy="Forbid", startingDeadlineSeconds=600).at(THREE).reconciled()
    world.at(TUESDAY).reconciled()
    assert world.requeue_after == 600
    world.at("2026-11-24T03:10:01").reconciled()
    assert world.missed == 1
    world.at("2026-11-24T03:20").ended(named(THREE)).reconciled()
    assert world.names == [named(THREE)]


def test_replace_deletes_the_job_that_runs_and_makes_the_next() -> None:
    world = a_schedule(concurrencyPolicy="Replace").at(THREE).reconciled().at(TUESDAY).reconciled()
    assert world.names == [named(TUESDAY)]


def test_a_job_that_is_to_run_again_is_unfinished() -> None:
    world = a_schedule(concurrencyPolicy="Forbid").at(THREE).reconciled().ended(named(THREE)).reconciled()
    world.jobs[named(THREE)]["spec"] = {"runId": "again"}
    assert world.at(TUESDAY).reconciled().names == [named(THREE)]


def test_history_keeps_the_newest_of_each_outcome() -> None:
    world = a_schedule("0 * * * *", successfulJobsHistoryLimit=2, failedJobsHistoryLimit=1)
    for hour in range(1, 9):
        due = f"2026-11-23T0{hour}:00"
        world.at(due).reconciled().ended(named(due), "Failed" if hour % 2 else "Succeeded", "no bucket").reconciled()
    assert world.names == sorted(named(f"2026-11-23T0{hour}:00") for hour in (6, 7, 8))


def test_an_ended_job_goes_only_once_status_has_what_it_tells() -> None:
    world = a_schedule(successfulJobsHistoryLimit=0).at(THREE).reconciled()
    world.ended(named(THREE))
    plan = world.reconcile()
    assert (plan.actions, plan.status and "lastSuccessfulTime" in plan.status) == ((), True)
    world.apply(plan)
    assert world.reconciled().names == []
    assert world.status["lastScheduleTime"] == "2026-11-23T03:00:00Z"
    assert world.status["lastSuccessfulTime"] == "2026-11-23T03:00:00Z"


def test_history_is_kept_small_while_suspended_and_with_a_wrong_schedule() -> None:
    for change in ({"suspend": True}, {"schedule": "nonsense"}):
        world = a_schedule(successfulJobsHistoryLimit=0).at(THREE).reconciled().ended(named(THREE))
        assert world.asking(**change).reconciled().names == []


@pytest.mark.parametrize(
    ("spec", "reason"),
    [({"schedule": "0 0 31 2 *"}, "InvalidSchedule"), ({"timeZone": "Europe/Madriz"}, "UnknownTimeZone")],
)
def test_a_schedule_that_cannot_be_understood_says_why_and_goes_on_once_corrected(spec: dict[str, Any], reason: str) -> None:
    world = a_schedule().asking(**spec).at(TUESDAY).reconciled()
    ready = world.condition("Ready")
    assert (ready["status"], ready["reason"], world.requeue_after) == ("False", reason, None)
    assert world.events == [("Warning", reason)]
    world.asking(schedule="0 3 * * *", timeZone="UTC").reconciled()
    assert world.condition("Ready")["status"] == "True"
    assert world.names == [named(TUESDAY)]


def test_a_job_that_is_refused_is_told_and_tried_again() -> None:
    world = a_schedule().at(THREE)
    world.refusal = Refusal("exceeded quota", final=False)
    world.reconciled()
    assert (world.condition("Ready")["reason"], world.status["message"]) == ("JobRejected", "exceeded quota")
    world.refusal = None
    world.reconciled()
    assert (world.condition("Ready")["status"], world.names) == ("True", [named(THREE)])
    assert world.events == [("Warning", "JobRejected"), ("Normal", "JobCreated")]


def test_a_deleted_schedule_makes_nothing_any_more() -> None:
    world = a_schedule().at(THREE)
    world.raw["metadata"]["deletionTimestamp"] = "2026-11-23T02:00:00Z"
    plan = world.reconcile()
    assert (plan.actions, plan.status, plan.requeue_after) == ((), None, None)


def test_what_the_template_says_by_now_counts_for_the_next_job() -> None:
    world = a_schedule().at(THREE).reconciled()
    world.asking(jobTemplate={"spec": {"source": {"bucket": "others"}}}).at(TUESDAY).reconciled()
    assert [world.jobs[named(time)]["spec"]["source"]["bucket"] for time in (THREE, TUESDAY)] == ["calls", "others"]


@pytest.mark.parametrize(
    "name", ["nightly", "nightly-", "nightly-x", "other-29663000", "nightly-٣", "nightly-9999999999", "nightly-1-2"]
)
def test_other_names_stand_for_no_time(name: str) -> None:
    assert due_time("nightly", name) is None


def test_a_name_stands_for_its_time() -> None:
    assert due_time("nightly", named(THREE)) == moment(THREE)


def test_a_job_named_after_the_future_holds_nothing_up() -> None:
    world = a_schedule().with_job("nightly-99999999").at(THREE).reconciled()
    assert named(THREE) in world.names


def test_a_schedule_out_of_a_backup_goes_on_after_its_last_run() -> None:
    world = a_schedule()
    world.raw["status"] = {"lastScheduleTime": "2026-11-20T03:00:00Z"}
    assert world.at("2026-11-23T01:00").reconciled().names == [named("2026-11-22T03:00")]
    assert world.missed == 1


def test_a_clock_that_is_set_back_makes_nothing_twice() -> None:
    world = a_schedule("0 * * * *", successfulJobsHistoryLimit=0).at("2026-11-23T05:00").reconciled()
    world.ended(named("2026-11-23T05:00")).reconciled()
    assert world.at("2026-11-23T03:30").reconciled().names == []
    assert world.status["nextScheduleTime"] == "2026-11-23T06:00:00Z"
    assert world.at("2026-11-23T06:00").reconciled().names == [named("2026-11-23T06:00")]


def test_a_status_that_another_version_wrote_keeps_its_times() -> None:
    world = a_schedule().at(THREE).reconciled()
    world.jobs.clear()
    world.raw["status"]["active"] = "two"
    assert world.reconcile().actions == ()


STEP = st.tuples(st.integers(1, 400), st.sampled_from(["whole", "killed", "killed before status"]), st.booleans())


@settings(max_examples=40)
@given(st.sampled_from(["Allow", "Forbid", "Replace"]), st.lists(STEP, max_size=12))
def test_killed_at_any_step_a_run_never_gets_a_second_job(policy: str, steps: list[tuple[int, str, bool]]) -> None:
    world = a_schedule("*/10 * * * *", concurrencyPolicy=policy, successfulJobsHistoryLimit=1)
    minutes = 0
    for pause, fate, ends in steps:
        minutes += pause
        world.now = moment(MONDAY) + timedelta(minutes=minutes)
        if ends:
            for name in [n for n in world.names if "status" not in world.jobs[n]][:1]:
                world.ended(name)
        match fate:
            case "whole":
                world.reconciled()
            case "killed":
                world.apply(world.reconcile(), steps=1)
            case _:
                plan = world.reconcile()
                world.apply(plan, steps=len(plan.actions))
    world.reconciled()
    assert len(world.ever_made) == len(set(world.ever_made))
    _one_at_a_time(world, policy)


@settings(max_examples=40)
@given(st.sampled_from(["Allow", "Forbid", "Replace"]), st.lists(st.integers(-1500, 1500), max_size=12))
def test_however_the_clock_jumps_no_run_gets_a_second_job(policy: str, jumps: list[int]) -> None:
    world = a_schedule("*/10 * * * *", concurrencyPolicy=policy, successfulJobsHistoryLimit=0)
    for minutes in jumps:
        world.now += timedelta(minutes=minutes)
        for name in [n for n in world.names if "status" not in world.jobs[n]][:1]:
            world.ended(name)
        world.reconciled()
    assert len(world.ever_made) == len(set(world.ever_made))


def _one_at_a_time(world: ScheduleWorld, policy: str) -> None:
    unfinished = [name for name in world.names if "status" not in world.jobs[name]]
    assert policy == "Allow" or len(unfinished) <= 1
