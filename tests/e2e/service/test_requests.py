"""People who send a recording to the service, or speak to it, and wait."""

import json
from contextlib import suppress

import av
import httpx2
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.e2e.service.deployed import DeployedService
from tests.e2e.test_natural_speech import AUDIO, SUPPORT

WORDS = "the router green or red"


def test_a_recording_is_transcribed(service: DeployedService) -> None:
    sound = (AUDIO / SUPPORT).read_bytes()
    parameters = {"language": "en", "compute_type": "int8", "format": "txt"}
    answered = httpx2.post(f"{service.url}/transcribe", params=parameters, files={"file": ("a.flac", sound)}, timeout=110)
    assert answered.status_code == 200, answered.text
    assert WORDS in " ".join(answered.text.split())


def test_captions_come_while_the_recording_does(service: DeployedService) -> None:
    """Through the port-forward, as a browser's microphone sends it."""
    found = []
    with connect(f"ws://{service.address}/v1/listen?language=en") as stream:
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


def test_the_documentation_and_the_metrics_are_there(service: DeployedService) -> None:
    assert "/transcribe" in httpx2.get(f"{service.url}/openapi.json").json()["paths"]
    assert httpx2.get(f"{service.url}/docs").status_code == 200
    assert "transcription_service_streams_open 0.0" in httpx2.get(f"{service.url}/metrics").text


def test_the_page_is_in_the_image_with_the_library_that_draws_its_waveform(service: DeployedService) -> None:
    assert "<title>" in httpx2.get(f"{service.url}/").text
    drawn = httpx2.get(f"{service.url}/page/vendor/wavesurfer.esm.js")
    assert (drawn.status_code, drawn.headers["content-type"].partition(";")[0]) == (200, "text/javascript")
