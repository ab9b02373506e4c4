"""Strangers' objects: neither a label nor a name of ours makes them ours, and nothing of theirs is touched."""

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import NOWHERE, Operator, eventually
from tests.integration.operator.pods import Transcription
from tests.unit.operator.world import SETTINGS
from transcription_api.names import ANNOTATION_LAST_APPLIED, LABEL_JOB_UID
from transcription_operator.apply import Applier
from transcription_operator.caches import Caches
from transcription_operator.cluster import Cluster
from transcription_operator.observed import read_resource
from transcription_operator.plan import ChildAction, DeleteJob, PatchJob
from transcription_operator.run import job_name

POD = {
    "restartPolicy": "Never",
    "nodeSelector": NOWHERE,
    "containers": [{"name": "runner", "image": "x"}],
}


@pytest.fixture
def stranger(cluster: None) -> Iterator[Kubectl]:
    """Somebody with a namespace of their own, without Pod Security."""
    kubectl = Kubectl(f"test-{uuid.uuid4().hex[:8]}")
    kubectl("create", "namespace", kubectl.namespace)
    eventually(lambda: kubectl.run("get", "serviceaccount", "default").returncode == 0)
    yield kubectl
    kubectl("delete", "namespace", kubectl.namespace, "--wait=false")


def a_job(name: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": {"spec": POD}, **spec}}


def forge(kubectl: Kubectl, victim: Transcription, job: str) -> None:
    """A running pod and a complete Job, with the labels of the victim's own."""
    resource = victim.resource()
    label = {LABEL_JOB_UID: resource["metadata"]["uid"]}
    labels = {**label, "batch.kubernetes.io/job-name": resource["status"]["jobName"]}
    kubectl.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "forged", "labels": labels}, "spec": POD})
    kubectl.apply(a_job(job, completions=0) | {"metadata": {"name": job, "labels": label}})
    Transcription(kubectl, "none").pod_runs("forged")
    eventually(lambda: any(c["type"] == "Complete" for c in kubectl.get("job", job)["status"].get("conditions", [])))


def untouched(kubectl: Kubectl, kind: str, name: str) -> bool:
    """Whether the operator has neither written to the object nor asked for its end."""
    metadata = kubectl.get(kind, name, "--show-managed-fields")["metadata"]
    return "deletionTimestamp" not in metadata and "transcription-operator" not in json.dumps(metadata.get("managedFields", []))


@pytest.mark.parametrize("where", ["the same namespace", "another namespace"])
def test_forged_labels_change_nothing(everywhere: Operator, namespace: Kubectl, stranger: Kubectl, where: str) -> None:
    near = where == "the same namespace"
    kubectl = namespace if near else stranger
    victim = Transcription.apply(namespace, f"victim-{'near' if near else 'far'}", ttlSecondsAfterFinished=60)
    (pod,) = victim.pods()
    eventually(lambda: victim.condition("Running").get("reason") == "Unschedulable")
    job = "forged" if near else victim.status()["jobName"]
    forge(kubectl, victim, job)
    time.sleep(5)
    assert (victim.status()["phase"], victim.condition("Running")["reason"]) == ("Pending", "Unschedulable")
    assert untouched(kubectl, "job", job)
    assert "ttlSecondsAfterFinished" not in kubectl.get("job", job)["spec"]

    victim.pod_runs(pod)
    victim.pod_ends(pod)
    victim.phase("Succeeded", 60)
    own = victim.status()["jobName"]
    eventually(lambda: namespace.get("job", own)["spec"].get("ttlSecondsAfterFinished") == 60)
    assert untouched(kubectl, "job", job)


def test_a_strangers_job_that_says_nonsense_harms_nobody(everywhere: Operator, namespace: Kubectl, stranger: Kubectl) -> None:
    """The operator reads what is annotated on every Job with its label, whoever made it, and lists them all at its start."""
    for name, said in (("infinite", '{"suspend": false, "parallelism": Infinity}'), ("deep", "[" * 100_000)):
        metadata = {"name": name, "labels": {LABEL_JOB_UID: "any"}, "annotations": {ANNOTATION_LAST_APPLIED: said}}
        stranger("create", "-f", "-", given=json.dumps(a_job(name, suspend=True) | {"metadata": metadata}))
    everywhere.kill()
    everywhere.start()
    job = Transcription.apply(namespace, "unharmed")
    eventually(job.jobs)
    assert everywhere.running
    assert "Traceback" not in everywhere.log()


def test_a_name_that_is_taken_is_waited_for_and_never_taken_over(team: Kubectl, operators: Callable[..., Operator]) -> None:
    job = Transcription.apply(team, "crowded")
    name = job_name("crowded", job.resource()["metadata"]["uid"], "", "")
    team.apply(a_job(name, suspend=True))
    operators().start()

    eventually(lambda: f"Job {name} in namespace {team.namespace} exists" in job.status().get("message", ""))
    assert (job.status()["phase"], job.condition("Running")["reason"]) == ("Pending", "NameTaken")
    assert untouched(team, "job", name)
    team("delete", "job", name)

    eventually(job.jobs)
    assert job.events().count("NameTaken") == 1


def test_an_account_and_a_binding_that_others_made_stay_theirs(everywhere: Operator, home: Kubectl, stranger: Kubectl) -> None:
    binding = f"{home.namespace}-runner"
    stranger("create", "serviceaccount", "transcription-runner")
    stranger("create", "rolebinding", binding, "--clusterrole=view", f"--serviceaccount={stranger.namespace}:default")
    job = Transcription.apply(stranger, "guest")
    eventually(lambda: job.condition("Running").get("reason") == "NameTaken")
    assert f"RoleBinding {binding} in namespace {stranger.namespace} exists and does not bind" in job.status()["message"]
    assert untouched(stranger, "rolebinding", binding)
    stranger("delete", "rolebinding", binding)
    eventually(job.jobs)
    assert untouched(stranger, "serviceaccount", "transcription-runner")
    assert "automountServiceAccountToken" not in stranger.get("serviceaccount", "transcription-runner")


def test_what_has_come_to_the_name_of_a_child_is_neither_changed_nor_deleted(team: Kubectl) -> None:
    """As it is between a look at the caches and the request: the Job was replaced by another of its name."""
    job = Transcription.apply(team, "replaced")
    team.apply(a_job("theirs", suspend=True))
    gone = str(uuid.uuid4())
    carry_out(
        job.resource(),
        PatchJob("theirs", gone, {"ttlSecondsAfterFinished": 1}),
        DeleteJob("theirs", gone),
    )
    assert untouched(team, "job", "theirs")
    assert "ttlSecondsAfterFinished" not in team.get("job", "theirs")["spec"]


def carry_out(resource: dict[str, Any], *actions: ChildAction) -> None:
    async def act() -> None:
        async with await Cluster.connect() as cluster:
            await Applier(cluster, Caches(), SETTINGS).children(read_resource(resource), actions)

    asyncio.run(act())
