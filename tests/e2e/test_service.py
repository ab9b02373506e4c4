"""The service from the chart, in a pod of the runner's image, asked through a port-forward as a user asks it."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress

import av
import httpx2
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from dev.install import CHART, RELEASE
from tests.e2e.test_natural_speech import AUDIO, SUPPORT
from tests.integration.kubectl import Kubectl

NAME = "transcription-operator-service"
WORDS = "the router green or red"


@pytest.fixture(scope="module")
def service(kubectl: Kubectl) -> Iterator[str]:
    """Its address on this machine, once the chart's pod is ready."""
    repository, tag = os.environ["RUNNER_IMAGE"].rsplit(":", 1)
    values = {
        "service.enabled": "true",
        "runner.image.repository": repository,
        "runner.image.tag": tag,
        "runner.modelCache.existingClaim": os.environ["MODELS_CLAIM"],
        "storage.endpoint": os.environ["S3_ENDPOINT_IN_CLUSTER"],
    }
    settings = [part for name, value in values.items() for part in ("--set", f"{name}={value}")]
    programs = os.environ["DEV_BIN"]
    command = [f"{programs}/helm", "template", RELEASE, str(CHART), "--namespace", kubectl.namespace]
    command += ["--values", str(CHART / "ci" / "dev-values.yaml")]
    only = ["--show-only", "templates/transcription-service.yaml"]
    manifests = subprocess.run([*command, *settings, *only], capture_output=True, text=True, check=True).stdout
    kubectl("apply", "-f", "-", given=manifests)
    kubectl("rollout", "status", f"deployment/{NAME}", "--timeout=115s")
    forward = [f"{programs}/kubectl", "--namespace", kubectl.namespace, "port-forward", f"svc/{NAME}", ":80"]
    with subprocess.Popen(forward, stdout=subprocess.PIPE, text=True) as forwarding:
        assert forwarding.stdout is not None
        told = re.search(r"127\.0\.0\.1:(\d+)", forwarding.stdout.readline())
        assert told
        yield f"127.0.0.1:{told[1]}"
        forwarding.terminate()
    kubectl("delete", "deployment", NAME, "--timeout=60s")


def test_a_recording_is_transcribed(service: str) -> None:
    sound = (AUDIO / SUPPORT).read_bytes()
    parameters = {"language": "en", "compute_type": "int8", "format": "txt"}
    answered = httpx2.post(f"http://{service}/transcribe", params=parameters, files={"file": ("a.flac", sound)}, timeout=110)
    assert answered.status_code == 200, answered.text
    assert WORDS in " ".join(answered.text.split())


def test_captions_come_while_the_recording_does(service: str) -> None:
    """Through the port-forward, as a browser's microphone sends it."""
    found = []
    with connect(f"ws://{service}/v1/listen?language=en") as stream:
        stream.send((AUDIO / SUPPORT).read_bytes())
        stream.send('{"type": "CloseStream"}')
        with suppress(ConnectionClosed):
            while True:
                found.append(json.loads(stream.recv(timeout=110)))
    assert found[-1]["type"] == "Metadata"
    text = " ".join(one["channel"]["alternatives"][0]["transcript"] for one in found if one["type"] == "Results")
    assert WORDS in " ".join(text.split())
    with av.open(str(AUDIO / SUPPORT)) as recording:
        assert found[-1]["duration"] == pytest.approx((recording.duration or 0) / av.time_base, abs=0.5)


def test_the_documentation_and_the_metrics_are_there(service: str) -> None:
    assert "/transcribe" in httpx2.get(f"http://{service}/openapi.json").json()["paths"]
    assert httpx2.get(f"http://{service}/docs").status_code == 200
    assert "transcription_service_streams_open 0.0" in httpx2.get(f"http://{service}/metrics").text
