"""Long work over the service: a pod of its own does it, and the service has the rights that the chart gives it."""

import os
import time
from typing import Any

import httpx2

from tests.e2e.house import without_ledger
from tests.e2e.service.deployed import DeployedService
from tests.e2e.service.test_requests import WORDS
from tests.e2e.test_natural_speech import AUDIO, SUPPORT

JOBS = "transcriptionjobs.transcription.whisperx.dev"


def posted(service: DeployedService) -> str:
    """The address of the job that a recording becomes."""
    sound = (AUDIO / SUPPORT).read_bytes()
    query = {"async": "true", "language": "en"}
    answered = httpx2.post(f"{service.url}/transcribe", params=query, files={"file": ("a.flac", sound)}, timeout=30)
    assert answered.status_code == 202, answered.text
    return service.url + answered.headers["location"]


def over(address: str, seconds: float = 240) -> dict[str, Any]:
    """What is said of the job once it is over, asked again and again as a user's script does."""
    end = time.monotonic() + seconds
    while True:
        answered = httpx2.get(address)
        state: dict[str, Any] = answered.raise_for_status().json()
        if state["over"]:
            return state
        assert time.monotonic() < end, state
        time.sleep(1)


def gone(service: DeployedService, name: str, seconds: float = 60) -> bool:
    """Whether the job's resource and its pods go away in that time."""
    end = time.monotonic() + seconds
    while service.kubectl.run("get", "tsj", name).returncode == 0 or runner_pods(service):
        if time.monotonic() > end:
            return False
        time.sleep(1)
    return True


def runner_pods(service: DeployedService) -> list[dict[str, Any]]:
    pods: list[dict[str, Any]] = service.kubectl.get("pods", "-l", "transcription.whisperx.dev/job-uid")["items"]
    return pods


def test_a_recording_goes_through_a_pod_of_its_own_and_comes_back_over_the_service(service: DeployedService) -> None:
    address = posted(service)
    name = address.rpartition("/")[2]
    assert service.bucket.keys() == {f"service/uploads/{name}/recording.flac"}
    assert httpx2.get(f"{address}/transcript").status_code == 409

    state = over(address)

    assert (state["phase"], state["progress"], state["failures"]) == ("Succeeded", 100, [])
    [pod] = runner_pods(service)
    assert pod["spec"]["containers"][0]["image"] == os.environ["RUNNER_IMAGE"]
    text = httpx2.get(f"{address}/transcript", params={"format": "txt"}).text
    assert WORDS in " ".join(text.split())
    whole = httpx2.get(f"{address}/transcript", params={"format": "all"}).json()
    assert whole["txt"] == text
    assert whole["json"]["transcription"]["model"].endswith("whisper-base"), "the model that answers at once"
    assert "-->" in whole["srt"]

    assert httpx2.delete(address, timeout=30).status_code == 204
    assert httpx2.get(address).status_code == 404
    assert gone(service, name)
    assert service.bucket.keys() == set()


def test_a_job_that_is_cancelled_leaves_no_pod_and_no_upload(service: DeployedService) -> None:
    address = posted(service)
    name = address.rpartition("/")[2]
    end = time.monotonic() + 60
    while not runner_pods(service):
        assert time.monotonic() < end
        time.sleep(0.5)
    assert httpx2.delete(address, timeout=30).status_code == 204
    assert gone(service, name)
    assert without_ledger(service.bucket.keys()) == set()


def test_the_account_of_the_pod_may_do_this_and_nothing_else(service: DeployedService) -> None:
    def allowed(verb: str, what: str, *where: str) -> bool:
        answer = service.kubectl.run("auth", "can-i", verb, what, f"--as={service.account}", *where)
        return answer.stdout.strip() == "yes"

    pod = service.kubectl.get("pods", "-l", "app.kubernetes.io/name=transcription-operator-service")["items"][0]
    assert service.account.endswith(f":{pod['spec']['serviceAccountName']}")
    assert all(allowed(verb, JOBS) for verb in ("create", "get", "list", "watch", "delete"))
    assert not any(allowed(verb, JOBS) for verb in ("update", "patch", "deletecollection"))
    assert not any(allowed("get", what) for what in ("secrets", "pods", "configmaps"))
    assert not allowed("create", "pods")
    assert not allowed("list", JOBS, "--all-namespaces")
