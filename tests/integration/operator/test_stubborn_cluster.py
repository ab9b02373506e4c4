"""A cluster that keeps something else than it was asked for: it is asked seldom, and the user is told once."""

import json
import time

from tests.integration.kubectl import Kubectl
from tests.integration.operator.admission import mutating, requests
from tests.integration.operator.operators import Operator, eventually
from tests.integration.operator.pods import Transcription

WATCHED = 10
"""Seconds; with pauses of 1, 2, 4 and 8 s between them that is room for four or five attempts."""
FEW = 8
"""What is new about a job, such as why its pod waits, is said at once beside these."""


def set_to(field: str, value: object) -> str:
    """A JSON patch that sets a field of spec or status, in CEL."""
    return f'[JSONPatch{{op: "add", path: "/{field}", value: {json.dumps(value)}}}]'


def test_a_time_to_live_that_is_not_kept(team: Kubectl, operator: Operator) -> None:
    job = Transcription.apply(team, "kept", ttlSecondsAfterFinished=60)
    (pod,) = job.pods()

    def probe() -> bool:
        made = team("create", "job", "probe", "--image=x", "--dry-run=server", "-o", "json")
        return bool(json.loads(made)["spec"].get("ttlSecondsAfterFinished") == 900)

    change = set_to("spec/ttlSecondsAfterFinished", 900)
    with mutating(team, "ttl", "batch/v1/jobs", change, on=("CREATE", "UPDATE"), probe=probe):
        before = requests(team, "PATCH", "jobs")
        job.pod_runs(pod)
        job.pod_ends(pod)
        job.phase("Succeeded", 60)
        time.sleep(WATCHED)
        assert requests(team, "PATCH", "jobs") - before <= FEW
        eventually(lambda: job.condition("Contested"))
        contested = job.condition("Contested")
        assert (contested["status"], contested["reason"]) == ("True", "DoesNotStay")
        name = job.status()["jobName"]
        assert contested["message"].startswith(f"ttlSecondsAfterFinished=60 was set on Job {name} again and again")
        version = job.resource()["metadata"]["resourceVersion"]
        time.sleep(WATCHED)
        assert job.resource()["metadata"]["resourceVersion"] == version, "it is said once"
        assert operator.log().count("again and again") == 1
        assert job.events().count("Contested") == 1
    assert job.status()["phase"] == "Succeeded"


def test_a_status_that_is_not_kept(team: Kubectl, operator: Operator) -> None:
    other = Transcription.apply(team, "probe")
    eventually(lambda: other.condition("Running").get("reason") == "Unschedulable")

    def probe() -> bool:
        flags = ("--subresource=status", "--type=merge", "--dry-run=server", "-o", "json")
        answer = team("patch", "tsj", "probe", *flags, "-p", '{"status":{"message":"x"}}')
        return bool(json.loads(answer)["status"].get("runId") == "theirs")

    change = set_to("status/runId", "theirs")
    group = "transcription.whisperx.dev/v1alpha1/transcriptionjobs/status"
    when = "object.metadata.name == 'lost' || request.dryRun"
    with mutating(team, "status", group, change, on=("UPDATE",), when=when, probe=probe):
        before = requests(team, "PATCH", "transcriptionjobs", "status")
        job = Transcription.apply(team, "lost")
        time.sleep(WATCHED)
        assert requests(team, "PATCH", "transcriptionjobs", "status") - before <= FEW
        eventually(lambda: "Contested" in job.events())
        assert job.events().count("Contested") == 1
        assert operator.log().count(f"{team.namespace}/lost: status") == 1


def test_a_size_that_is_not_kept_although_no_event_tells(team: Kubectl, operator: Operator) -> None:
    job = Transcription.apply(team, "small")
    job.pods()

    def probe() -> bool:
        tried = '{"spec":{"parallelism":2,"completions":2}}'
        answer = team("patch", "job", job.status()["jobName"], "--type=merge", "-p", tried, "--dry-run=server", "-o", "json")
        return bool(json.loads(answer)["spec"]["parallelism"] == 1)

    change = f"{set_to('spec/parallelism', 1)} + {set_to('spec/completions', 1)}"
    with mutating(team, "size", "batch/v1/jobs", change, on=("UPDATE",), probe=probe):
        before = requests(team, "PATCH", "jobs")
        job.patch(parallelism=3)
        eventually(lambda: "parallelism=3" in job.condition("Contested").get("message", ""))
        assert requests(team, "PATCH", "jobs") - before <= FEW
        assert job.status()["phase"] == "Pending"
    eventually(lambda: job.jobs()[0]["spec"]["parallelism"] == 3)
