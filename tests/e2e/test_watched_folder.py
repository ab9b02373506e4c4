"""A folder that is always transcribed: examples/watched-folder.yaml, looking every minute instead of every five."""

import time
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.house import SMALL, Bucket, outputs_of, without_ledger
from tests.e2e.speech import ENGLISH, wav
from tests.e2e.test_interruptions import OPERATOR, kill_pods
from tests.integration.kubectl import Kubectl

EXAMPLE = Path(__file__).parents[2] / "examples" / "watched-folder.yaml"
FILES = 1000
SECONDS = 900


def watching(bucket: Bucket) -> dict[str, Any]:
    """The example over a bucket of ours, with every job kept."""
    manifest: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text())
    manifest["spec"] |= {"schedule": "* * * * *", "successfulJobsHistoryLimit": 100}
    spec = manifest["spec"]["jobTemplate"]["spec"]
    spec["source"]["bucket"] = bucket.name
    spec |= {"output": {"bucket": bucket.name}, "model": SMALL, "language": "en"}
    return manifest


def test_a_thousand_new_files_are_each_transcribed_once_though_the_operator_is_killed(
    operator: Kubectl, kubectl: Kubectl, bucket: Bucket
) -> None:
    speech = wav("please confirm the order number seven four two", **ENGLISH)
    keys = [f"inbox/{number:04}.wav" for number in range(FILES)]
    kubectl.apply(watching(bucket))
    for number, key in enumerate(keys):
        bucket.put(key, speech)
        if number % 250 == 249:  # while earlier ones are being transcribed
            kill_pods(operator, OPERATOR)
            time.sleep(15)
    end = time.monotonic() + SECONDS
    while without_ledger(bucket.keys("transcripts/")) != outputs_of(keys):
        assert time.monotonic() < end, kubectl("get", "tss,tsj", "-o", "wide")
        time.sleep(5)

    kubectl("patch", "tss", "inbox", "--type=merge", "-p", '{"spec": {"suspend": true}}')
    jobs: list[dict[str, Any]] = []
    while not jobs or any(job.get("status", {}).get("phase") not in ("Succeeded", "Failed") for job in jobs):
        assert time.monotonic() < end, kubectl("get", "tss,tsj", "-o", "wide")
        time.sleep(2)
        jobs = kubectl.get("tsj")["items"]
    assert sum(job["status"]["files"]["succeeded"] for job in jobs) == FILES, "each once"
    assert sum(job["status"]["files"]["failed"] for job in jobs) == 0
    assert all(job["metadata"]["ownerReferences"][0]["name"] == "inbox" for job in jobs)
