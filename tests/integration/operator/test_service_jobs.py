"""Long work over the service on a real API server and a real store: what it takes in one process, another one gives back.

Service, operator and runner are real programs; only the kubelet is played: the runner is started by hand, on its pod's own
configuration, and its last words are put into the pod's status.
"""

import base64
import json
import os
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.integration.kubectl import Kubectl, transcription_job
from tests.integration.operator.accounts import Account
from tests.integration.operator.operators import FOR_TESTS, RIGHTS, Operator, eventually, kubeconfig_of, rendered
from tests.integration.operator.pods import Transcription
from tests.integration.runner.buckets import Bucket
from tests.integration.runner.documented import asked_as_documented
from tests.integration.runner.pods import RunnerPod
from tests.integration.runner.raw_upload import RawUpload
from tests.integration.runner.servers import needed
from tests.integration.runner.service_process import ServiceProcess, serving, until
from tests.integration.runner.sound import said, wav
from transcription_api.names import ANNOTATION_CONFIG

MODELS = Path(__file__).parents[3] / "models"
SENTENCE = "please confirm the order number seven four two"
KEY, OTHER = "a-key-of-the-call-centre", "a-key-of-somebody-else"
RIGHT = "transcriptionjobs.transcription.whisperx.dev"
LABEL = {"transcription.whisperx.dev/made-by": "service"}


@dataclass(frozen=True)
class Place:
    """A namespace with the chart's rights for the service, and a bucket."""

    team: Kubectl
    bucket: Bucket
    folder: Path

    @property
    def service_account(self) -> str:
        return f"{self.team.namespace}-service"

    def account_folder(self) -> Path:
        """What Kubernetes mounts into a pod of that account."""
        config = self.team("config", "view", "--raw", "--minify", "-o", "json")
        authority = json.loads(config)["clusters"][0]["cluster"]
        data = authority.get("certificate-authority-data")
        content = base64.b64decode(data) if data else Path(authority["certificate-authority"]).read_bytes()
        (self.folder / "ca.crt").write_bytes(content)
        (self.folder / "namespace").write_text(self.team.namespace)
        (self.folder / "token").write_text(self.team("create", "token", self.service_account))
        return self.folder

    def service(self) -> AbstractContextManager[ServiceProcess]:
        """A process of the service, which knows nothing of those before it."""
        config = json.loads(self.team("config", "view", "--minify", "-o", "json"))
        server = urlsplit(config["clusters"][0]["cluster"]["server"])
        options = (
            f"--jobs-bucket={self.bucket.name}",
            f"--jobs-endpoint={self.bucket.endpoint}",
            "--jobs-secret=minio-credentials",
            f"--jobs-account={self.account_folder()}",
        )
        return serving(
            MODELS,
            *options,
            TRANSCRIPTION_API_KEYS=f"{KEY},{OTHER}",
            KUBERNETES_SERVICE_HOST=server.hostname or "",
            KUBERNETES_SERVICE_PORT=str(server.port or 443),
        )


@pytest.fixture(scope="module")
def place(team: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    name, keys = team.namespace, (needed("S3_ACCESS_KEY"), needed("S3_SECRET_KEY"))
    bucket = Bucket(needed("S3_ENDPOINT"), *keys, f"jobs-{name}")
    bucket.make()
    jobs = ("service.enabled=true", "service.jobs.enabled=true", f"service.jobs.bucket={bucket.name}")
    flags = (*FOR_TESTS, f"fullnameOverride={name}", f"watchNamespaces={{{name}}}", f"storage.endpoint={bucket.endpoint}")
    objects = [
        o
        for o in rendered("test", name, *flags, *jobs)
        if o["kind"] in RIGHTS and o["metadata"]["name"].startswith(f"{name}-service")
    ]
    team("apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    yield Place(team, bucket, tmp_path_factory.mktemp("account"))
    for kind in ("validatingadmissionpolicybinding", "validatingadmissionpolicy"):
        team("delete", kind, f"{name}-service-jobs")
    bucket.remove()


@pytest.fixture(scope="module")
def service(place: Place) -> Iterator[ServiceProcess]:
    with place.service() as process:
        yield process


def headers(key: str = KEY) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def posted(service: ServiceProcess, **more: str) -> httpx2.Response:
    query = {"async": "true", "language": "en", **more}
    return service.client.post("/transcribe", params=query, files={"file": ("call.wav", wav(said(SENTENCE)))}, headers=headers())


def looked(service: ServiceProcess, address: str, key: str = KEY, method: str = "GET") -> httpx2.Response:
    return service.client.request(method, address, headers=headers(key))


def carried_out(place: Place, job: Transcription, folder: Path) -> None:
    """The kubelet's part, with the real runner on what the operator tells its pod."""
    [pod] = job.pods()
    config = json.loads(place.team.get("pod", pod)["metadata"]["annotations"][ANNOTATION_CONFIG])
    job.pod_runs(pod)
    keys = (os.environ["S3_ACCESS_KEY"], os.environ["S3_SECRET_KEY"])
    runner = RunnerPod(folder, config | {"device": "cpu"}, *keys, MODELS, POD_NAME=pod)
    assert runner.ended() == 0, runner.log()
    job.pod_ends(pod, message=json.dumps(runner.last_words()))


def events(service: ServiceProcess, address: str) -> Iterator[dict[str, Any]]:
    with service.client.stream("GET", f"{address}/events", headers=headers()) as stream:
        assert stream.status_code == 200
        for line in stream.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


def test_what_one_process_takes_another_one_gives_back(place: Place, operator: Operator, tmp_path: Path) -> None:
    with place.service() as first:
        answered = posted(first, compute_type="int8")
        assert answered.status_code == 202, answered.text
        address, name = answered.headers["location"], answered.json()["name"]
        assert address == f"/jobs/{name}"
        assert place.bucket.keys() == [f"service/uploads/{name}/recording.wav"]
        seen = looked(first, address).json()
        assert (seen["phase"], seen["position"], seen["over"]) == ("Pending", 1, False)
        assert looked(first, f"{address}/transcript").status_code == 409
        interrupted = events(first, address)
        assert next(interrupted)["over"] is False
        assert first.terminated() == 0, "whoever follows a job does not hold up the end"
        assert not any(event["over"] for event in interrupted)
        assert name not in first.log

    job = Transcription(place.team, name)
    with place.service() as second:
        followed = events(second, address)
        assert next(followed)["phase"] == "Pending"
        carried_out(place, job, tmp_path)
        last = list(followed)[-1]
        assert (last["phase"], last["over"], last["progress"], last["failures"]) == ("Succeeded", True, 100, [])

        assert "order number" in looked(second, f"{address}/transcript?format=txt").text
        whole = looked(second, f"{address}/transcript?format=all").json()
        assert whole["json"]["transcription"]["source"]["key"] == f"service/uploads/{name}/recording.wav"
        assert whole["vtt"].startswith("WEBVTT")
        for what, method in (("", "GET"), ("/events", "GET"), ("/transcript", "GET"), ("", "DELETE")):
            assert looked(second, f"{address}{what}", OTHER, method).status_code == 404
        assert looked(second, address, "a-key-of-nobody-at-all").status_code == 401

        assert looked(second, address, method="DELETE").status_code == 204
        assert looked(second, address).status_code == 404
    eventually(lambda: job.kubectl.run("get", "tsj", name).returncode != 0)
    assert place.bucket.keys() == []


def test_an_upload_that_is_still_coming_at_sigterm_becomes_a_job_all_the_same(place: Place) -> None:
    path, sound = "/transcribe?async=true&language=en", wav(said(SENTENCE))
    with place.service() as service, RawUpload(service, sound, path, headers=headers()) as upload:
        upload.send_half()
        until(lambda: service.taken() == 1)
        service.process.send_signal(signal.SIGTERM)
        upload.send()
        answered = upload.answer()
        assert answered.status == 202, answered
        assert service.process.wait(60) == 0
    name = json.loads(answered.body)["name"]
    assert place.bucket.keys() == [f"service/uploads/{name}/recording.wav"]
    with place.service() as second:
        assert looked(second, f"/jobs/{name}").json()["name"] == name
        assert looked(second, f"/jobs/{name}", method="DELETE").status_code == 204
    assert place.bucket.keys() == []


def test_the_routes_of_jobs_answer_as_they_are_documented(service: ServiceProcess, tmp_path: Path) -> None:
    asked_as_documented(service, KEY, tmp_path, 4, "--include-path-regex=^/jobs")


def test_a_job_that_is_cancelled_takes_its_pod_and_its_upload_along(
    place: Place, service: ServiceProcess, operator: Operator
) -> None:
    address = posted(service).headers["location"]
    job = Transcription(place.team, address.rpartition("/")[2])
    [pod] = job.pods()
    followed = events(service, address)
    assert next(followed)["over"] is False
    assert looked(service, address, method="DELETE").status_code == 204
    assert list(followed)[-1]["phase"] == "Deleted"
    eventually(lambda: place.team.run("get", "pod", pod).returncode != 0)
    assert place.bucket.keys() == []


def test_a_recording_in_the_bucket_is_named_instead_of_sent_and_stays(place: Place, service: ServiceProcess) -> None:
    place.bucket.put("mine/a.wav", wav(said("thank you")))
    query = {"async": "true", "source": f"s3://{place.bucket.name}/mine/a.wav"}
    answered = service.client.post("/transcribe", params=query, headers=headers())
    assert answered.status_code == 202, answered.text
    name = answered.json()["name"]
    source = place.team.get("tsj", name)["spec"]["source"]
    assert (source["bucket"], source["keys"]) == (place.bucket.name, ["mine/a.wav"])
    missing = service.client.post("/transcribe", params=query | {"source": f"{query['source']}.gone"}, headers=headers())
    assert (missing.status_code, missing.json()["error"]["code"]) == (422, "ObjectNotFound")
    other = service.client.post("/transcribe", params=query | {"source": "s3://elsewhere/a.wav"}, headers=headers())
    assert other.json()["error"]["allowed"] == [place.bucket.name]
    assert looked(service, f"/jobs/{name}", method="DELETE").status_code == 204
    assert place.bucket.keys() == ["mine/a.wav"]
    place.bucket.delete("mine/a.wav")


def test_a_quota_that_is_used_up_is_told_as_such(place: Place, service: ServiceProcess) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "jobs"}}
    place.team.apply(quota | {"spec": {"hard": {f"count/{RIGHT}": "0"}}})
    try:
        eventually(lambda: place.team.get("resourcequota", "jobs").get("status", {}).get("used"))
        refused = eventually(lambda: _refusal(place, service, posted(service), 429))
        assert refused["code"] == "TooManyJobs"
    finally:
        place.team("delete", "resourcequota", "jobs")
    assert place.bucket.keys() == []


def test_without_rights_the_answer_says_which_are_missing_and_nothing_is_left(place: Place, service: ServiceProcess) -> None:
    name = place.service_account
    place.team("delete", "rolebinding", name)
    try:
        refused = eventually(lambda: _refusal(place, service, posted(service), 500))
        assert refused["code"] == "RightMissing"
        assert f"create, get, list, watch and delete of {RIGHT} in namespace {place.team.namespace}" in refused["message"]
        assert looked(service, f"/jobs/speech-{'0' * 32}").json()["error"]["code"] == "RightMissing"
    finally:
        account = f"--serviceaccount={place.team.namespace}:{name}"
        place.team("create", "rolebinding", name, f"--role={name}", account)
    assert place.bucket.keys() == []


def _refusal(place: Place, service: ServiceProcess, answered: httpx2.Response, status: int) -> dict[str, Any] | None:
    """The error, once the API server has taken note of a change; what was accepted before is deleted."""
    if answered.status_code == 202:
        looked(service, answered.headers["location"], method="DELETE")
        return None
    assert answered.status_code == status, answered.text
    error: dict[str, Any] = answered.json()["error"]
    return error


def test_the_service_s_account_may_do_what_it_does_to_its_own_jobs_and_nothing_else(place: Place, tmp_path: Path) -> None:
    account = Account(kubeconfig_of(place.team, place.service_account, tmp_path / "service.kubeconfig"))
    path = f"/apis/transcription.whisperx.dev/v1alpha1/namespaces/{place.team.namespace}/transcriptionjobs"
    spec: dict[str, Any] = {"source": {"bucket": "calls"}, "suspend": True}
    own = transcription_job("own", spec)
    own["metadata"]["labels"] = LABEL
    place.team.apply(transcription_job("somebody-s", spec))
    only = "the service may make and delete only TranscriptionJobs with the label"
    eventually(lambda: only in account.ask("POST", path, transcription_job("unlabelled", spec)) or None)
    assert account.ask("POST", path, own) == ""
    for question in (path, f"{path}/own", f"{path}?watch=true&timeoutSeconds=1"):
        assert account.ask("GET", question) == ""
    assert only in account.ask("DELETE", f"{path}/somebody-s")
    assert "cannot patch" in account.ask("PATCH", f"{path}/own", {"spec": {"suspend": False}}, "merge-patch+json")
    assert "cannot get" in account.ask("GET", f"/api/v1/namespaces/{place.team.namespace}/secrets/minio-credentials")
    assert "cannot list" in account.ask("GET", "/apis/transcription.whisperx.dev/v1alpha1/transcriptionjobs")
    assert account.ask("DELETE", f"{path}/own") == ""
    place.team("delete", "tsj", "somebody-s")
