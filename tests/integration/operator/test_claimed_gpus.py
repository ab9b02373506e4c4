"""A GPU by dynamic resource allocation, on the real API server, controller manager and scheduler; no driver is installed."""

from typing import Any

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import Operator, eventually
from tests.integration.operator.pods import Transcription

ONE_GPU: dict[str, Any] = {
    "apiVersion": "resource.k8s.io/v1",
    "kind": "ResourceClaimTemplate",
    "metadata": {"name": "one-gpu"},
    "spec": {"spec": {"devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "gpu.nvidia.com"}}]}}},
}


def test_every_pod_claims_a_gpu_of_its_own(team: Kubectl, operator: Operator) -> None:
    team.apply(ONE_GPU)
    job = Transcription.apply(team, "claiming", parallelism=2, compute={"resourceClaimTemplateName": "one-gpu"})
    pods = eventually(lambda: len(job.pods()) == 2 and job.pods())
    claims = eventually(lambda: len(found := team.get("resourceclaims")["items"]) == 2 and found)
    assert sorted(claim["metadata"]["ownerReferences"][0]["name"] for claim in claims) == sorted(pods)
    (container,) = team.get("pod", pods[0])["spec"]["containers"]
    assert container["resources"]["claims"] == [{"name": "gpu"}]
    assert "nvidia.com/gpu" not in container["resources"].get("limits", {})
    for pod in pods:
        job.pod_runs(pod)
    job.phase("Running")
    for pod in pods:
        job.pod_ends(pod)
    assert job.phase("Succeeded")["gpuSeconds"] >= 0


def test_a_template_that_is_missing_is_named(team: Kubectl, operator: Operator) -> None:
    job = Transcription.apply(team, "claimless", compute={"resourceClaimTemplateName": "no-such-template"})
    eventually(lambda: job.condition("Running").get("reason") == "ClaimNotMade")
    assert job.status()["phase"] == "Pending"
    assert "ResourceClaimTemplate no-such-template" in job.status()["message"]
    team.apply({**ONE_GPU, "metadata": {"name": "no-such-template"}})
    eventually(lambda: job.condition("Running").get("reason") == "Unschedulable")
