"""Schedules on the real API server: their jobs come by the clock, once each, whatever becomes of the operator."""

import json
import random
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.kubectl import Kubectl, transcription_job
from tests.integration.operator.operators import Operator, eventually
from tests.integration.operator.pods import Transcription
from tests.integration.operator.schedules import Schedule, minute, transcription_schedule
from transcription_api.names import LABEL_SCHEDULE

Operators = Callable[..., Operator]
NEVER = "0 0 1 1 *"
EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"schedule": "0 3 * *"}, "spec.schedule needs five fields"),
        ({"schedule": "0 0 3 * * *"}, "spec.schedule needs five fields"),
        ({"schedule": "@every 5m"}, "spec.schedule needs five fields"),
        ({"schedule": "TZ=Europe/Madrid 0 3 * * *"}, "the time zone goes into spec.timeZone"),
        ({"schedule": "60 3 * * *"}, "field 1, minute"),
        ({"schedule": "0 24 * * *"}, "field 2, hour"),
        ({"schedule": "0 3 0 * *"}, "field 3, day of month"),
        ({"schedule": "0 3 * foo *"}, "field 4, month"),
        ({"schedule": "0 3 * * 8"}, "field 5, day of week"),
        ({"schedule": "*/0 * * * *"}, "field 1, minute"),
        ({"schedule": "* " * 100}, "spec.schedule"),
        ({"timeZone": "Europe/Madriz"}, "spec.timeZone must be the name of a time zone"),
        ({"timeZone": "+02:00"}, "spec.timeZone"),
        ({"timeZone": "Local"}, "spec.timeZone must be the name of a time zone"),
        ({"concurrencyPolicy": "Sometimes"}, "spec.concurrencyPolicy"),
        ({"startingDeadlineSeconds": 0}, "spec.startingDeadlineSeconds"),
        ({"jobTemplate": {}}, "spec.jobTemplate.spec"),
        ({"jobTemplate": {"spec": {"source": {}}}}, "spec.jobTemplate.spec.source.bucket"),
        ({"jobTemplate": {"spec": {"source": {"bucket": "calls", "keys": ["a.wav"], "prefix": "b"}}}}, "exclude each other"),
        ({"jobTemplate": {"metadata": {"labels": {"a b": "c"}}, "spec": {"source": {"bucket": "calls"}}}}, "label name"),
    ],
)
def test_what_cannot_work_is_refused_at_once_with_a_message_that_names_the_field(
    team: Kubectl, spec: dict[str, Any], says: str
) -> None:
    manifest = json.dumps(transcription_schedule("bad", **spec))
    refused = team.run("apply", "--dry-run=server", "-f", "-", given=manifest)
    assert refused.returncode != 0, f"{spec} was taken"
    assert says in refused.stderr


@pytest.mark.parametrize(
    "spec",
    [
        {"schedule": "@daily", "timeZone": "Europe/Madrid"},
        {"schedule": "*/15 8-18/2 1,15 JAN-mar Mon-Fri", "timeZone": "America/Argentina/Buenos_Aires"},
        {"schedule": "0  3 * * 7", "timeZone": "UTC"},
    ],
)
def test_what_cron_understands_is_taken(team: Kubectl, spec: dict[str, Any]) -> None:
    team("apply", "--dry-run=server", "-f", "-", given=json.dumps(transcription_schedule("good", **spec)))


@pytest.mark.parametrize("example", ["nightly-schedule", "watched-folder"])
def test_the_examples_make_jobs_that_are_taken(team: Kubectl, operator: Operator, example: str) -> None:
    manifest = yaml.safe_load((EXAMPLES / f"{example}.yaml").read_text())
    team.apply(manifest)
    schedule = Schedule(team, manifest["metadata"]["name"])
    schedule.patch(schedule="* * * * *", startingDeadlineSeconds=None)
    schedule.last_ran(timedelta(minutes=2))
    (name,) = eventually(schedule.jobs)
    template = manifest["spec"]["jobTemplate"]["spec"]
    assert team.get("tsj", name)["spec"]["source"]["prefix"] == template["source"]["prefix"]
    team("delete", "tss", schedule.name)


def test_a_name_that_leaves_no_room_for_the_time_is_refused(team: Kubectl) -> None:
    refused = team.run("apply", "--dry-run=server", "-f", "-", given=json.dumps(transcription_schedule("n" * 53)))
    assert "at most 52 characters" in refused.stderr


def test_every_minute_gets_one_job_though_operators_are_killed(team: Kubectl, operators: Operators) -> None:
    pair = [operators(), operators()]
    for one in pair:
        one.start()
    schedule = Schedule.apply(team, "minutely")
    chance, end = random.Random(11), time.monotonic() + 130
    while time.monotonic() < end:
        time.sleep(2 + 9 * chance.random())
        victim = chance.choice(pair)
        victim.kill()
        victim.start()
    eventually(lambda: (schedule.minutes() or [0])[-1] == minute() or schedule.minutes()[-1] == minute(-1))
    made = schedule.minutes()
    assert made == list(range(made[0], made[-1] + 1)), "no minute is missing"
    assert len(made) >= 2
    announced = [note for reason, note in schedule.events() if reason == "JobCreated"]
    assert len(announced) == len(set(announced)) <= len(made), "an operator that is killed before it says so says it never"
    job = team.get("tsj", schedule.jobs()[0])
    (owner,) = job["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["controller"]) == ("TranscriptionSchedule", True)
    assert job["metadata"]["labels"][LABEL_SCHEDULE] == "minutely"
    assert schedule.status()["active"][0]["uid"] == job["metadata"]["uid"]
    for one in pair:
        one.kill()
    schedule.kubectl("delete", "tss", "minutely", "--timeout=20s")
    eventually(lambda: schedule.jobs() == [])  # without an operator


def test_of_missed_runs_the_last_is_made_up_for(team: Kubectl, operators: Operators) -> None:
    schedule = Schedule.apply(team, "late", schedule="* * * * *", suspend=True)
    schedule.last_ran(timedelta(minutes=10))
    operator = operators()
    operator.start()
    eventually(lambda: schedule.condition("Suspended").get("status") == "True")
    assert schedule.jobs() == []
    schedule.patch(suspend=False)
    eventually(schedule.jobs)
    assert schedule.minutes()[0] in (minute(), minute(-1))
    eventually(lambda: "MissedSchedule" in [reason for reason, _ in schedule.events()])
    reasons = [reason for reason, _ in schedule.events()]
    assert reasons[0] == "Suspended"
    assert {"JobCreated", "MissedSchedule", "Resumed"} == set(reasons[1:4]), "of one moment, in any order"
    metrics = operator.metrics()
    assert f'transcription_schedules{{namespace="{team.namespace}"}} 1.0' in metrics
    (counted,) = [line for line in metrics.splitlines() if line.startswith("transcription_schedule_missed_runs_total{")]
    assert float(counted.rpartition(" ")[2]) in (8.0, 9.0, 10.0)
    team("delete", "tss", "late")


def test_a_run_that_is_too_late_is_missed_for_good(team: Kubectl, operator: Operator) -> None:
    schedule = Schedule.apply(team, "strict", schedule=NEVER, startingDeadlineSeconds=60)
    schedule.last_ran(timedelta(days=400))
    eventually(lambda: "MissedSchedule" in [reason for reason, _ in schedule.events()])
    assert schedule.status()["lastMissedTime"].endswith("-01-01T00:00:00Z")
    assert schedule.jobs() == []
    team("delete", "tss", "strict")


def test_forbid_waits_replace_replaces_and_history_stays_small(team: Kubectl, operator: Operator) -> None:
    forbid = Schedule.apply(team, "forbid", concurrencyPolicy="Forbid", successfulJobsHistoryLimit=0)
    replace = Schedule.apply(team, "replace", concurrencyPolicy="Replace")
    for schedule in (forbid, replace):
        schedule.last_ran(timedelta(minutes=2))
    (first,) = eventually(forbid.jobs)
    (replaced,) = eventually(replace.jobs)
    eventually(lambda: first in forbid.status().get("message", ""), 90)
    assert "concurrencyPolicy is Forbid" in forbid.status()["message"]
    eventually(lambda: replace.jobs() not in ([], [replaced]), 90)
    assert len(replace.jobs()) == 1
    assert "JobReplaced" in [reason for reason, _ in replace.events()]

    Transcription(team, first).pod_ends(Transcription(team, first).pods()[0])
    eventually(lambda: forbid.jobs() and first not in forbid.jobs())  # what it waited for is made, and what ended goes
    assert forbid.status()["lastSuccessfulTime"]
    assert forbid.status()["activeCount"] == 1
    assert ("JobSucceeded", f"{first} succeeded") in forbid.events()
    columns = team("get", "tss").splitlines()[0].split()
    assert columns == ["NAME", "SCHEDULE", "ZONE", "SUSPEND", "ACTIVE", "LAST", "NEXT", "AGE"]
    team("delete", "tss", "forbid", "replace")


def test_a_strangers_job_under_our_name_is_told_and_never_touched(team: Kubectl, operator: Operator) -> None:
    names = [f"crowded-{minute(n)}" for n in range(3)]
    for name in names:
        team.apply(transcription_job(name, {"source": {"bucket": "calls"}, "suspend": True}))
    schedule = Schedule.apply(team, "crowded")
    schedule.last_ran(timedelta(minutes=2))
    eventually(lambda: schedule.condition("Ready").get("reason") == "NameTaken")
    assert "exists and is not this schedule's" in schedule.status()["message"]
    assert schedule.jobs() == []
    team("delete", "tsj", *names[1:])
    eventually(lambda: schedule.condition("Ready").get("status") == "True", 150)
    stranger = team.get("tsj", names[0])["metadata"]
    assert "ownerReferences" not in stranger
    assert "deletionTimestamp" not in stranger
    team("delete", "tss", "crowded")


def test_a_refused_job_is_told_in_the_refusals_words_and_made_once_there_is_room(team: Kubectl, operator: Operator) -> None:
    resource = "count/transcriptionjobs.transcription.whisperx.dev"
    team("create", "quota", "no-more", f"--hard={resource}={len(team.get('tsj')['items'])}")
    try:
        eventually(lambda: "used" in team.get("resourcequota", "no-more").get("status", {}))
        schedule = Schedule.apply(team, "refused")
        schedule.last_ran(timedelta(minutes=2))
        eventually(lambda: schedule.condition("Ready").get("reason") == "JobRejected")
        assert "exceeded quota: no-more" in schedule.status()["message"]
    finally:
        team("delete", "quota", "no-more")
    eventually(schedule.jobs, 90)
    eventually(lambda: schedule.condition("Ready")["status"] == "True")
    team("delete", "tss", "refused")


def test_the_operators_account_can_neither_make_nor_delete_a_job_that_is_no_schedules(team: Kubectl) -> None:
    account = f"--as=system:serviceaccount:{team.namespace}:{team.namespace}"
    users = transcription_job("users", {"source": {"bucket": "calls"}, "suspend": True})
    manifest = json.dumps(users)
    refused = eventually(lambda: _refused(team.run("create", account, "--dry-run=server", "-f", "-", given=manifest)), 30)
    assert "whose controller is a TranscriptionSchedule" in refused
    team.apply(users)
    assert "whose controller is a TranscriptionSchedule" in _refused(team.run("delete", account, "tsj", "users"))
    team("delete", "tsj", "users")


def _refused(result: subprocess.CompletedProcess[str]) -> str:
    """What was said against it; empty: it was done."""
    return result.stderr if result.returncode else ""


def test_the_template_may_change_and_an_expression_that_only_the_operator_can_judge_is_told(
    team: Kubectl, operator: Operator
) -> None:
    schedule = Schedule.apply(team, "changing", schedule=NEVER)
    eventually(lambda: schedule.status().get("nextScheduleTime"))
    schedule.patch(jobTemplate={"spec": {"source": {"bucket": "others"}}}, schedule="0 0 31 2 *")
    eventually(lambda: schedule.condition("Ready").get("reason") == "InvalidSchedule")
    assert "nextScheduleTime" not in schedule.status()
    schedule.patch(schedule="0 0 1 1 *")
    eventually(lambda: schedule.condition("Ready").get("status") == "True")
    team("delete", "tss", "changing")
