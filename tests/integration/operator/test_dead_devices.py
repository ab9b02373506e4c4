"""A node whose GPU is dead, on the real API server: the run is made anew with pods that prefer other nodes."""

import json

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import Operator, eventually
from tests.integration.operator.pods import Transcription

DEAD = json.dumps({"reason": "DeviceFailed", "message": "the GPU stopped working: CUDA error"})


def bind(kubectl: Kubectl, pod: str, node: str) -> None:
    """Place the pod, as the scheduler would. There is no such node, so no kubelet takes notice."""
    binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": pod}, "target": {"kind": "Node", "name": node}}
    path = f"/api/v1/namespaces/{kubectl.namespace}/pods/{pod}/binding"
    kubectl("create", "--raw", path, "-f", "-", given=json.dumps(binding))


def test_a_run_is_moved_away_from_a_node_whose_gpu_stopped_working(team: Kubectl, operator: Operator) -> None:
    job = Transcription.apply(team, "moved")
    (pod,) = job.pods()
    bind(team, pod, "gpu-1")
    job.pod_runs(pod)
    job.phase("Running")
    (first,) = job.jobs()
    job.pod_ends(pod, 70, DEAD)

    (second,) = eventually(lambda: [j for j in job.jobs() if j["metadata"]["uid"] != first["metadata"]["uid"]])
    assert second["metadata"]["name"] == first["metadata"]["name"], "it is the same run"
    assert job.status()["avoidedNodes"] == ["gpu-1"]
    (replacement,) = eventually(lambda: [name for name in job.pods() if name != pod])
    (term,) = team.get("pod", replacement)["spec"]["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert term["preference"]["matchFields"] == [{"key": "metadata.name", "operator": "NotIn", "values": ["gpu-1"]}]
    assert "JobRecreated" in job.events()

    bind(team, replacement, "gpu-1")
    job.pod_ends(replacement, 70, DEAD)
    eventually(lambda: "is being replaced" in job.status()["message"])
    assert [j["metadata"]["uid"] for j in job.jobs()] == [second["metadata"]["uid"]], "the same node moves it but once"
