"""A store that refuses, lacks something or goes away: a clear condition, and no file lost or doubled."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dev.cluster import processes
from tests.e2e.house import Bucket, Job, outputs_of, without_ledger
from tests.e2e.speech import ENGLISH, wav
from tests.integration.kubectl import Kubectl

ROOT = Path(__file__).parents[2]


def secret(name: str, **keys: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": keys}


def test_wrong_credentials_fail_the_job_at_once_and_name_the_secret(kubectl: Kubectl, bucket: Bucket) -> None:
    kubectl.apply(secret("wrong", accessKey=os.environ["S3_ACCESS_KEY"], secretKey="not-the-key-at-all"))
    job = Job.apply(kubectl, "wrong-secret", source={"bucket": bucket.name}, storage={"secretName": "wrong"})
    assert job.finished()["phase"] == "Failed"
    failed = job.condition("Failed")
    assert failed["reason"] == "StorageAccessDenied"
    assert "secretKey" in failed["message"]
    assert len(job.pods()) == 1, "a retry would only have been refused again"


def test_a_missing_bucket_fails_the_job_at_once_and_is_named(kubectl: Kubectl) -> None:
    job = Job.apply(kubectl, "no-bucket", source={"bucket": "no-such-bucket-anywhere"})
    assert job.finished()["phase"] == "Failed"
    failed = job.condition("Failed")
    assert failed["reason"] == "BucketNotFound"
    assert "no-such-bucket-anywhere" in failed["message"]


def test_a_job_waits_for_its_secret_says_so_and_goes_on_when_it_comes(kubectl: Kubectl, bucket: Bucket) -> None:
    bucket.put("one.wav", wav("the account is ready", **ENGLISH))
    job = Job.apply(kubectl, "no-secret", source={"bucket": bucket.name}, storage={"secretName": "late"})
    job.wait(lambda _: job.condition("Running").get("reason") == "SecretNotFound", 60)
    assert "late" in job.condition("Running")["message"]
    assert job.status()["phase"] == "Pending"
    kubectl.apply(secret("late", accessKey=os.environ["S3_ACCESS_KEY"], secretKey=os.environ["S3_SECRET_KEY"]))
    assert job.succeeded()["files"]["succeeded"] == 1


def minio_process() -> int:
    pid = processes.pid_of("minio")
    return pid if pid else pytest.fail("this test stops the MinIO that `make up` started, and that one does not run")


def test_thirty_seconds_without_a_store_lose_and_double_nothing(kubectl: Kubectl, bucket: Bucket) -> None:
    keys = [f"{number:02}.wav" for number in range(40)]
    speech = wav("please confirm the order number seven four two", **ENGLISH)
    for key in keys:
        bucket.put(key, speech)
    job = Job.apply(kubectl, "outage", source={"bucket": bucket.name}, language="en")
    job.wait(lambda status: status.get("files", {}).get("succeeded", 0) >= 3)

    os.kill(minio_process(), signal.SIGKILL)
    time.sleep(30)
    subprocess.run([sys.executable, "-m", "dev.cluster", "up"], cwd=ROOT, check=True, capture_output=True)

    status = job.succeeded(300)
    assert status["files"] == {"total": 40, "succeeded": 40, "skipped": 0, "failed": 0}
    assert without_ledger(bucket.keys("transcripts/")) == outputs_of(keys)
    entries = [json.loads(bucket.get(key)) for key in bucket.keys("transcripts/.ledger/") if key.endswith(".json")]
    assert sorted(entry["key"] for entry in entries) == keys
