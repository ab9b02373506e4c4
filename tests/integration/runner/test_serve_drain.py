"""SIGTERM under load: whoever was taken gets the answer, every stream its last words, and the process ends by itself."""

import base64
import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from tests.integration.runner.raw_upload import RawUpload
from tests.integration.runner.service_process import ServiceProcess, serving, until
from tests.integration.runner.sound import encoded, said, silence, wav

SENTENCE = "please confirm the order number seven four two"
GRACE_SECONDS = 120.0
PCM = (np.clip(np.concatenate([silence(0.3), said(SENTENCE)]), -1, 1) * 32767).astype("<i2").tobytes()
LIVE = (
    "/v1/listen?encoding=linear16&sample_rate=16000&language=en",
    "/v1/listen?language=en",
    "/v1/realtime?intent=transcription",
)


def opened(service: ServiceProcess, path: str) -> Connection:
    """A stream to which all its sound is sent, and no word that it ends."""
    host, port = service.address
    connection = connect(f"ws://{host}:{port}{path}")
    if "realtime" in path:
        settings = {"format": {"type": "audio/pcm", "rate": 16000}, "transcription": {"language": "en"}}
        connection.send(json.dumps({"type": "session.update", "session": {"audio": {"input": settings}}}))
        connection.send(json.dumps({"type": "input_audio_buffer.append", "audio": base64.b64encode(PCM).decode()}))
    elif "encoding" in path:
        connection.send(PCM)
    else:
        connection.send(encoded(np.frombuffer(PCM, "<i2").astype(np.float32) / np.float32(32768), ".ogg", "-c:a", "libopus"))
    return connection


def last_words(connection: Connection) -> str:
    """All text that is final."""
    told: list[Any] = []
    with suppress(ConnectionClosed):
        while True:
            told.append(json.loads(connection.recv(timeout=GRACE_SECONDS)))
    assert connection.protocol.close_code == 1001
    finals = [one["channel"]["alternatives"][0]["transcript"] for one in told if one["type"] == "Results" and one["is_final"]]
    return " ".join([*finals, *(one["transcript"] for one in told if one["type"].endswith("transcription.completed"))])


def test_sigterm_under_load_answers_all_that_was_taken(models: Path) -> None:
    short, long = wav(said(SENTENCE)), wav(np.tile(said(SENTENCE), 6))
    streamed = {"path": "/v1/audio/transcriptions", "fields": {"language": "en", "stream": "true"}}
    with serving(models, "--places", "32") as service, ExitStack() as held, ThreadPoolExecutor(16) as clients:
        streams = [held.enter_context(opened(service, path)) for path in LIVE]
        whole = [held.enter_context(RawUpload(service, content)) for content in (short, long, short, long)]
        told = [held.enter_context(RawUpload(service, long, **streamed)) for _ in range(2)]  # type: ignore[arg-type]
        coming = [held.enter_context(RawUpload(service, content)) for content in (short, long, short)]
        for upload in [*whole, *told]:
            upload.send()
        for upload in coming:
            upload.send_half()
        idle = held.enter_context(RawUpload(service, short))
        until(lambda: (service.taken(), service.gauge("streams_open")) == (9, 3))
        until(lambda: len(service.sizes()) >= 6)

        service.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert idle.socket.recv(1) == b"", "a connection without a request is closed at once"
        with pytest.raises(ConnectionError):
            RawUpload(service, short)
        assert service.process.poll() is None
        for upload in coming:
            upload.send()
        answers = clients.map(lambda upload: upload.answer(), [*whole, *told, *coming])
        words = clients.map(last_words, streams)
        for answer in answers:
            assert answer.status == 200, answer
            assert b"order number" in answer.body
            if b"transcript.text" in answer.body:
                assert b'"transcript.text.done"' in answer.body
        for path, text in zip(LIVE, words, strict=True):
            assert "order number" in text.lower(), path
        assert service.process.wait(GRACE_SECONDS) == 0
        assert time.monotonic() - began < GRACE_SECONDS
        assert "internal error" not in service.log
