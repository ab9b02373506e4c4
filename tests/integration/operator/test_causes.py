"""Pods that cannot even be made: the CR says why, in the words of whoever refused them."""

import json
from datetime import UTC, datetime

import pytest

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import Operator, eventually
from tests.integration.operator.pods import Transcription


def cause(job: Transcription) -> str:
    running = job.condition("Running")
    return str(running["message"]) if running.get("reason") == "PodsNotCreated" else ""


@pytest.mark.parametrize(
    ("field", "name", "said"),
    [
        ("runtimeClassName", "no-such-runtime", 'RuntimeClass "no-such-runtime" not found'),
        ("priorityClassName", "no-such-priority", "no PriorityClass with name no-such-priority was found"),
    ],
)
def test_a_class_that_does_not_exist(team: Kubectl, operator: Operator, field: str, name: str, said: str) -> None:
    job = Transcription.apply(team, name, compute={field: name})
    assert said in eventually(lambda: cause(job), 30)
    assert job.status()["phase"] == "Pending"
    assert said in job.status()["message"]
    assert job.events().count("PodsNotCreated") == 1


def test_a_quota_on_pods_and_what_comes_after_it(team: Kubectl, operator: Operator) -> None:
    taken = len(team.get("pods")["items"])
    hard = {"spec": {"hard": {"pods": str(taken)}}}
    team("create", "quota", "no-pods", f"--hard=pods={taken}")
    try:
        eventually(lambda: "used" in team.get("resourcequota", "no-pods").get("status", {}))
        job = Transcription.apply(team, "crowded")
        assert "exceeded quota: no-pods" in eventually(lambda: cause(job), 30)
        hard["spec"]["hard"]["pods"] = str(taken + 1)
        team("patch", "quota", "no-pods", "--type=merge", "-p", json.dumps(hard))
        job.pods()
        eventually(lambda: not cause(job), 60)
        assert "quota" not in job.status()["message"]
    finally:
        team("delete", "quota", "no-pods")


def test_a_webhook_that_does_not_answer(team: Kubectl, operator: Operator) -> None:
    name = f"{team.namespace}-dead"
    webhook = {
        "name": "dead.transcription.test",
        "clientConfig": {"service": {"name": "nobody", "namespace": team.namespace}},
        "rules": [{"apiGroups": ["batch"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["jobs"]}],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": team.namespace}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}
    team.apply(kind | {"metadata": {"name": name}, "webhooks": [webhook]})
    try:
        eventually(lambda: "dead.transcription.test" in team.run("create", "job", "x", "--image=x", "--dry-run=server").stderr)
        job = Transcription.apply(team, "webhook")
        eventually(lambda: job.condition("Running").get("reason") == "JobRejected", 30)
        assert 'failed calling webhook "dead.transcription.test"' in job.status()["message"]
    finally:
        team("delete", "validatingwebhookconfiguration", name)
    eventually(job.jobs, 60)


def test_a_volume_that_is_not_on_the_node(team: Kubectl, operator: Operator) -> None:
    job = Transcription.apply(team, "no-volume")
    (name,) = job.pods()
    pod = team.get("pod", name)
    place = f"/api/v1/namespaces/{team.namespace}/pods/{name}/binding"
    target = {"apiVersion": "v1", "kind": "Node", "name": "played"}
    binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name}, "target": target}
    team("create", "--raw", place, "-f", "-", given=json.dumps(binding))
    said = 'MountVolume.SetUp failed for volume "models" : /models is not a directory'
    team.apply(
        {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": "no-volume", "namespace": team.namespace},
            "regarding": {"kind": "Pod", "namespace": team.namespace, "name": name, "uid": pod["metadata"]["uid"]},
            "reason": "FailedMount",
            "note": said,
            "type": "Warning",
            "eventTime": datetime.now(UTC).isoformat(),
            "action": "Mounting",
            "reportingController": "kubelet",
            "reportingInstance": "played",
        }
    )
    eventually(lambda: job.condition("Running").get("reason") == "VolumeNotMounted", 60)
    assert (job.status()["phase"], job.status()["message"]) == ("Pending", said)


NEVER = json.dumps({"reason": "StorageUnreachable", "message": "http://nowhere:9000 cannot be reached: Connection refused"})


def test_a_store_that_no_pod_reached_is_tried_twice_and_holds_no_gpu_any_more(team: Kubectl, operator: Operator) -> None:
    job = Transcription.apply(team, "nowhere", storage={"endpoint": "http://nowhere:9000"})
    (first,) = job.pods()
    job.pod_ends(first, 69, NEVER)
    (second,) = eventually(lambda: [pod for pod in job.pods() if pod != first], 60)
    job.pod_ends(second, 69, NEVER)
    job.phase("Failed")
    failed = job.condition("Failed")
    assert (failed["reason"], failed["message"]) == ("StorageUnreachable", json.loads(NEVER)["message"])
    eventually(lambda: job.jobs() == [])
    eventually(lambda: team.get("pods", "-l", job.selector())["items"] == [])
