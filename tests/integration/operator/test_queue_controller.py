"""`suspend` has several writers: a queue controller, a person, spec.suspend; nobody undoes what another has the say in."""

import json
import time
from collections.abc import Iterator

import pytest

from tests.integration.kubectl import Kubectl, transcription_job
from tests.integration.operator.admission import requests
from tests.integration.operator.operators import NOWHERE, Operator, eventually
from tests.integration.operator.pods import Transcription
from tests.integration.operator.queue_controller import FLAVOUR, QUEUE, QueueController

LONG_ENOUGH = 5
"""Seconds in which an operator that wanted to undo something would have done it hundreds of times."""


@pytest.fixture(scope="module")
def queues(team: Kubectl) -> Iterator[QueueController]:
    with QueueController.at_work(team) as controller:
        yield controller


def queued(team: Kubectl, name: str, **spec: object) -> Transcription:
    """A TranscriptionJob in the queue, once its Job waits there."""
    manifest = transcription_job(name, {"source": {"bucket": "calls"}, **spec})
    team.apply(manifest | {"metadata": {"name": name, "labels": {QUEUE: "gpu"}}})
    job = Transcription(team, name)
    eventually(job.jobs)
    waits(job)
    return job


def child(job: Transcription) -> dict[str, object]:
    (one,) = job.jobs()
    spec: dict[str, object] = one["spec"]
    return spec


def name_of(job: Transcription) -> str:
    return str(job.status()["jobName"])


def waits(job: Transcription) -> None:
    eventually(lambda: job.condition("Running").get("reason") == "Queued")
    assert job.status()["phase"] == "Pending"
    assert child(job)["suspend"] is True


def gone(team: Kubectl, job: Transcription) -> bool:
    return not team.get("pods", "-l", job.selector())["items"]


def test_admitted_preempted_and_admitted_again(team: Kubectl, operator: Operator, queues: QueueController) -> None:
    before, own = requests(team, "PATCH", "jobs"), queues.patches
    job = queued(team, "patient")
    time.sleep(LONG_ENOUGH)
    waits(job)
    queues.admit(name_of(job))
    (first,) = job.pods()
    assert team.get("pod", first)["spec"]["nodeSelector"] == NOWHERE | FLAVOUR
    job.pod_runs(first)
    job.phase("Running")

    queues.preempt(name_of(job))
    waits(job)
    eventually(lambda: gone(team, job))
    time.sleep(LONG_ENOUGH)
    waits(job)
    queues.admit(name_of(job))
    (second,) = job.pods()
    job.pod_runs(second)
    job.phase("Running")
    assert requests(team, "PATCH", "jobs") - before == queues.patches - own, "the operator has changed nothing"
    job.pod_ends(second)
    job.phase("Succeeded", 60)


def test_a_label_taken_off_the_resource_lets_no_job_loose(team: Kubectl, operator: Operator, queues: QueueController) -> None:
    job = queued(team, "unlabelled")
    team("label", "tsj", job.name, f"{QUEUE}-")
    time.sleep(LONG_ENOUGH)
    waits(job)
    queues.admit(name_of(job))
    (pod,) = job.pods()
    job.pod_runs(pod)
    job.phase("Running")


def test_a_part_of_the_pods(team: Kubectl, operator: Operator, queues: QueueController) -> None:
    job = queued(team, "partial", parallelism=3)
    queues.admit(name_of(job), parallelism=1)
    (pod,) = job.pods()
    job.pod_runs(pod)
    job.phase("Running")
    time.sleep(LONG_ENOUGH)
    assert child(job)["parallelism"] == 1
    queues.preempt(name_of(job))
    waits(job)
    assert child(job)["parallelism"] == 3
    job.patch(parallelism=2)
    eventually(lambda: (child(job)["parallelism"], child(job)["completions"]) == (2, 2))
    assert child(job)["suspend"] is True


def test_a_queued_job_is_removed_by_suspend_and_queues_again_on_resume(
    team: Kubectl, operator: Operator, queues: QueueController
) -> None:
    job = queued(team, "withdrawn")
    job.patch(suspend=True)
    job.phase("Suspended")
    eventually(lambda: job.jobs() == [])
    job.patch(suspend=False)
    eventually(job.jobs)
    waits(job)


def test_somebody_elses_suspend_is_respected_and_shown(team: Kubectl, operator: Operator) -> None:
    job = Transcription.apply(team, "paused")
    (pod,) = job.pods()
    job.pod_runs(pod)
    job.phase("Running")
    suspend, resume = (json.dumps({"spec": {"suspend": value}}) for value in (True, False))
    team("patch", "job", name_of(job), "--type=merge", "-p", suspend)
    status = job.phase("Suspended")
    assert job.condition("Suspended")["reason"] == "SuspendedByOther"
    command = status["message"].partition("kubectl ")[2]
    assert command == f"patch job -n {team.namespace} {name_of(job)} --type=merge -p '{resume.replace(' ', '')}'"
    time.sleep(LONG_ENOUGH)
    assert child(job)["suspend"] is True

    team(*command.replace("'", "").split())
    job.phase("Pending")
    team("patch", "job", name_of(job), "--type=merge", "-p", suspend)
    job.phase("Suspended")
    job.patch(suspend=True)
    eventually(lambda: job.condition("Suspended")["reason"] == "SuspendRequested")
    job.patch(suspend=False)
    job.phase("Pending")
    assert child(job)["suspend"] is False
