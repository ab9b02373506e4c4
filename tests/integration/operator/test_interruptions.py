"""Whatever the moment: killed operators, two at once, none at all."""

import random
import time
from collections.abc import Callable

from tests.integration.kubectl import Kubectl, transcription_job
from tests.integration.operator.operators import Operator, eventually
from tests.integration.operator.pods import Transcription

Operators = Callable[..., Operator]


def apply_many(team: Kubectl, names: list[str]) -> list[Transcription]:
    items = [transcription_job(name, {"source": {"bucket": "calls"}, "ttlSecondsAfterFinished": 1}) for name in names]
    team.apply({"apiVersion": "v1", "kind": "List", "items": items})
    return [Transcription(team, name) for name in names]


def one_job_each(team: Kubectl, jobs: list[Transcription]) -> bool:
    owners = [j["metadata"]["ownerReferences"][0]["name"] for j in team.get("jobs.batch")["items"]]
    return sorted(set(owners)) == sorted(owners) and {job.name for job in jobs} <= set(owners)


def test_killed_while_jobs_are_created(team: Kubectl, operators: Operators) -> None:
    operator = operators()
    operator.start()
    jobs = apply_many(team, [f"burst-{n}" for n in range(20)])
    moment = random.Random(7)
    for _ in range(4):
        time.sleep(1.2 + moment.random())
        operator.kill()
        operator.start()
    eventually(lambda: one_job_each(team, jobs), 60)
    for job in jobs:
        eventually(lambda job=job: job.status().get("jobName"))
        assert "JobRecreated" not in job.events()
        assert len(job.jobs()) == 1


def test_an_end_that_nobody_saw_is_recorded_later_and_nothing_is_run_again(team: Kubectl, operators: Operators) -> None:
    operator = operators()
    operator.start()
    (job,) = apply_many(team, ["unseen"])
    (pod,) = job.pods()
    operator.kill()
    job.pod_ends(pod)
    eventually(lambda: any(c["type"] == "Complete" for c in job.jobs()[0]["status"].get("conditions", [])))
    time.sleep(3)
    assert len(job.jobs()) == 1, "its time to live starts to count only once the end is recorded"
    operator.start()
    job.phase("Succeeded", 40)
    eventually(lambda: job.jobs() == [])
    assert "JobRecreated" not in job.events()


def test_two_at_once_do_nothing_twice(team: Kubectl, operators: Operators) -> None:
    pair = [operators(), operators()]
    for one in pair:
        one.start()
    eventually(lambda: all("started" in one.log() for one in pair))
    jobs = apply_many(team, [f"pair-{n}" for n in range(10)])
    for job in jobs:
        (pod,) = job.pods()
        job.pod_runs(pod)
        job.pod_ends(pod)
    for job in jobs:
        job.phase("Succeeded", 60)
        events = job.events()
        assert events.count("Succeeded") == 1, f"{job.name}: {events}"
        assert "JobRecreated" not in events
    finished = "transcription_jobs_finished_total{"
    counted = sum(
        float(line.rsplit(" ", 1)[1]) for one in pair for line in one.metrics().splitlines() if line.startswith(finished)
    )
    assert counted == len(jobs), "every end is counted by one of the two"


def test_deletion_needs_no_operator(team: Kubectl, operators: Operators) -> None:
    operator = operators()
    operator.start()
    (job,) = apply_many(team, ["gone"])
    job.pods()
    selector = job.selector()
    operator.kill()
    team("delete", "tsj", "gone", "--timeout=20s")
    for kind in ("jobs.batch", "pods"):
        eventually(lambda kind=kind: team.get(kind, "-l", selector)["items"] == [], 60)


def test_deletion_in_the_middle_of_everything(team: Kubectl, operators: Operators) -> None:
    operators().start()
    for round_number in range(5):
        jobs = apply_many(team, [f"brief-{round_number}-{n}" for n in range(4)])
        time.sleep(0.2 * round_number)
        team("delete", "tsj", *[job.name for job in jobs], "--timeout=20s")
    eventually(lambda: not [j for j in team.get("jobs.batch")["items"] if "brief-" in j["metadata"]["name"]], 60)


def test_changes_made_while_nobody_watched_are_carried_out(team: Kubectl, operators: Operators) -> None:
    operator = operators()
    operator.start()
    (job,) = apply_many(team, ["changed"])
    job.pods()
    operator.kill()
    job.patch(suspend=True)
    operator.start()
    job.phase("Suspended")
    operator.kill()
    job.patch(suspend=False, runId="2", parallelism=2)
    operator.start()
    eventually(lambda: job.status().get("runId") == "2")
    eventually(lambda: [j["spec"]["parallelism"] for j in job.jobs()] == [2])
