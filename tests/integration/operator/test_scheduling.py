"""What is asked for reaches whoever decides on it: a slice of a GPU the scheduler, a priority admission, an image the kubelet."""

from collections.abc import Callable, Iterator

import pytest

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import Operator, eventually
from tests.integration.operator.pods import Transcription

SLICE = "nvidia.com/mig-1g.10gb"


@pytest.fixture
def urgent(team: Kubectl) -> Iterator[str]:
    """The name of a PriorityClass whose value is 1000."""
    name = f"{team.namespace}-urgent"
    team.apply({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": 1000})
    yield name
    team("delete", "priorityclass", name)


def test_a_slice_of_a_gpu_is_asked_for_by_its_own_name_and_with_the_priority_of_its_class(
    team: Kubectl, operator: Operator, urgent: str
) -> None:
    compute = {"gpuResource": SLICE, "priorityClassName": urgent, "nodeSelector": {}}
    job = Transcription.apply(team, "slice", compute=compute)
    (pod,) = job.pods()
    eventually(lambda: f"Insufficient {SLICE}" in job.status().get("message", ""))
    assert job.condition("Running")["reason"] == "Unschedulable"
    spec = team.get("pod", pod)["spec"]
    assert spec["priority"] == 1000
    assert spec["containers"][0]["resources"]["limits"] == {SLICE: "1"}
    job.pod_runs(pod)
    job.pod_ends(pod)
    assert "gpuSeconds" in job.phase("Succeeded", 60)


def test_an_image_that_is_not_there_is_named_in_the_kubelets_words(team: Kubectl, operators: Callable[..., Operator]) -> None:
    operators(runner={"image": "runner:nowhere", "imagePullPolicy": "Never", "device": "cpu"}).start()
    job = Transcription.apply(team, "imageless")
    eventually(lambda: job.condition("Running").get("reason") == "ImagePullFailed")
    status = job.status()
    assert status["phase"] == "Pending"
    assert '"runner:nowhere"' in status["message"]
    assert job.events().count("ImagePullFailed") == 1
