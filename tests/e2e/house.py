"""A user's view of the running house: buckets, TranscriptionJobs and what becomes of them."""

import io
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from minio import Minio
from minio.error import S3Error

from dev.cluster.objects import models_volume
from tests.integration.kubectl import Kubectl, transcription_job

FORMATS = ("json", "tsv", "txt", "vtt", "srt")
SMALL = {"name": "asr-small"}
"""The small model in the runner's image: most tests are not about the words, and it is many times faster than Whisper base."""


class Bucket:
    """One bucket of the store that S3_ENDPOINT names."""

    def __init__(self, name: str) -> None:
        endpoint = urlsplit(os.environ["S3_ENDPOINT"])
        self.name = name
        self.client = Minio(
            endpoint.netloc,
            access_key=os.environ["S3_ACCESS_KEY"],
            secret_key=os.environ["S3_SECRET_KEY"],
            secure=endpoint.scheme == "https",
        )
        self.client.make_bucket(name)

    def put(self, key: str, data: bytes) -> None:
        self.client.put_object(self.name, key, io.BytesIO(data), len(data))

    def get(self, key: str) -> bytes:
        response = self.client.get_object(self.name, key)
        try:
            return response.read()
        finally:
            response.close()
            response.release_conn()

    def keys(self, prefix: str = "") -> set[str]:
        return {item.object_name for item in self.client.list_objects(self.name, prefix, recursive=True)}

    def dates(self, prefix: str) -> dict[str, Any]:
        """When each object was last written."""
        return {item.object_name: item.last_modified for item in self.client.list_objects(self.name, prefix, recursive=True)}

    def transcript(self, key: str, prefix: str = "transcripts/") -> dict[str, Any]:
        """The transcript JSON of the source object `key`."""
        document: dict[str, Any] = json.loads(self.get(f"{prefix}{key}.json"))
        return document

    def remove(self) -> None:
        """Empty and remove it until it stays empty: a pod that was told to stop may still write what it had in hand."""
        end = time.monotonic() + 60
        while True:
            for key in self.keys():
                self.client.remove_object(self.name, key)
            try:
                self.client.remove_bucket(self.name)
                return
            except S3Error as error:
                if error.code != "BucketNotEmpty" or time.monotonic() > end:
                    raise


@contextmanager
def fresh_bucket() -> Iterator[Bucket]:
    """A bucket of one's own, which goes away with what is in it."""
    bucket = Bucket(f"test-{uuid.uuid4().hex[:10]}")
    try:
        yield bucket
    finally:
        bucket.remove()


@contextmanager
def furnished(kubectl: Kubectl) -> Iterator[None]:
    """The namespace with the store's Secret and, where there is one, the volume of models."""
    keys = [
        f"--from-literal=accessKey={os.environ['S3_ACCESS_KEY']}",
        f"--from-literal=secretKey={os.environ['S3_SECRET_KEY']}",
    ]
    kubectl("create", "secret", "generic", "minio-credentials", *keys)
    volume = models_volume(kubectl.namespace) if os.environ.get("MODELS_CLAIM") else []
    for manifest in volume:
        kubectl.apply(manifest)
    try:
        yield
    finally:
        if volume:
            kubectl("delete", "persistentvolume", volume[0]["metadata"]["name"], "--wait=false")


class Job:
    """One TranscriptionJob, by name, in one namespace."""

    def __init__(self, kubectl: Kubectl, name: str) -> None:
        self.kubectl, self.name = kubectl, name

    @classmethod
    def apply(cls, kubectl: Kubectl, name: str, **spec: Any) -> "Job":
        """Apply a job with the small model, unless `model` names another; with `model=None` the operator's own, Whisper base."""
        spec = {"model": SMALL, **spec}
        kubectl.apply(transcription_job(name, {field: value for field, value in spec.items() if value is not None}))
        return cls(kubectl, name)

    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = self.kubectl.get("tsj", self.name).get("status", {})
        return status

    def uid(self) -> str:
        return str(self.kubectl.get("tsj", self.name)["metadata"]["uid"])

    def patch(self, **spec: Any) -> None:
        self.kubectl("patch", "tsj", self.name, "--type=merge", "-p", json.dumps({"spec": spec}))

    def condition(self, kind: str) -> dict[str, Any]:
        return next((c for c in self.status().get("conditions", []) if c["type"] == kind), {})

    def children(self) -> list[dict[str, Any]]:
        """The child Jobs, finished ones too."""
        selector = f"transcription.whisperx.dev/job-uid={self.uid()}"
        children: list[dict[str, Any]] = self.kubectl.get("jobs.batch", "-l", selector)["items"]
        return children

    def pods(self) -> list[dict[str, Any]]:
        selector = f"transcription.whisperx.dev/job-uid={self.uid()}"
        pods: list[dict[str, Any]] = self.kubectl.get("pods", "-l", selector)["items"]
        return pods

    def wait(self, until: Callable[[dict[str, Any]], Any], seconds: float = 240) -> dict[str, Any]:
        """The first status for which `until` holds. Raises AssertionError with the last status otherwise."""
        end = time.monotonic() + seconds
        while True:
            status = self.status()
            if until(status):
                return status
            assert time.monotonic() < end, f"after {seconds:.0f} s {self.name} is still: {json.dumps(status, indent=1)}"
            time.sleep(1)

    def finished(self, seconds: float = 240) -> dict[str, Any]:
        """The status once the job has ended, either way."""
        return self.wait(lambda status: status.get("phase") in ("Succeeded", "Failed"), seconds)

    def succeeded(self, seconds: float = 240) -> dict[str, Any]:
        status = self.finished(seconds)
        assert status["phase"] == "Succeeded", json.dumps(status, indent=1)
        return status


def outputs_of(keys: list[str], prefix: str = "transcripts/") -> set[str]:
    """What must lie in the bucket for these source keys: five files each."""
    return {f"{prefix}{key}.{suffix}" for key in keys for suffix in FORMATS}


def without_ledger(keys: set[str]) -> set[str]:
    """Object keys less the runner's own book-keeping."""
    return {key for key in keys if "/.ledger/" not in key and "/_manifest-" not in key}
