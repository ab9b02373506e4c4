"""Scheduling as on a DGX A100: one GPU a pod, on nodes that carry the label, and a clear word when there is none."""

from tests.e2e.house import Bucket, Job
from tests.e2e.speech import ENGLISH, wav
from tests.integration.kubectl import Kubectl

A100 = {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB"}


def test_a_pod_on_cuda_gets_one_gpu_on_a_node_with_the_label(kubectl: Kubectl, bucket: Bucket) -> None:
    bucket.put("one.wav", wav("the account is ready", **ENGLISH))
    job = Job.apply(
        kubectl,
        "on-a100",
        source={"bucket": bucket.name},
        compute={"device": "cuda", "gpuResource": "nvidia.com/gpu", "nodeSelector": A100},
    )
    job.wait(lambda status: any(pod["spec"].get("nodeName") for pod in job.pods()), 60)
    spec = job.pods()[0]["spec"]
    assert spec["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert spec["nodeSelector"] == A100
    node = kubectl.get("node", spec["nodeName"])
    assert A100.items() <= node["metadata"]["labels"].items()
    assert node["status"]["allocatable"]["nvidia.com/gpu"] == "8"
    # The node's GPUs are a claim, not hardware: the real runner must find that out and say so, not burn retries.
    assert job.finished()["phase"] == "Failed"
    assert job.condition("Failed")["reason"] == "DeviceUnavailable"
    assert len(job.pods()) == 1


def test_without_a_node_that_fits_the_job_stays_pending_and_says_why(kubectl: Kubectl, bucket: Bucket) -> None:
    bucket.put("one.wav", wav("the account is ready", **ENGLISH))
    job = Job.apply(
        kubectl,
        "on-h200",
        source={"bucket": bucket.name},
        compute={"device": "cuda", "nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-H200"}},
    )
    status = job.wait(lambda _: job.condition("Running").get("reason") == "Unschedulable", 60)
    assert status["phase"] == "Pending"
    assert "node" in job.condition("Running")["message"]
    kubectl("delete", "tsj", "on-h200", "--timeout=30s")
