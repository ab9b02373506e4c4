"""Live streams through the real service: what the two APIs' own clients get, what strangers send, and how streams end."""

import base64
import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from deepgram import DeepgramClient
from deepgram.environment import DeepgramClientEnvironment
from openai import OpenAI
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from tests.integration.runner.service_process import ServiceProcess, serving, until
from tests.integration.runner.sound import Samples, encoded, said, silence
from transcription_runner.engine.audio import SAMPLE_RATE

SENTENCE = "please confirm the order number seven four two"
KEY = "a-key-of-the-call-centre"
LINEAR = "/v1/listen?encoding=linear16&sample_rate=16000&language=en"


@pytest.fixture(scope="module")
def service(models: Path) -> Iterator[ServiceProcess]:
    with serving(models, "--streams", "3") as process:
        yield process


@pytest.fixture(scope="module")
def call() -> Samples:
    """Twice the sentence, with a pause between."""
    return np.concatenate([said(SENTENCE), silence(1.0), said(SENTENCE), silence(1.0)])


def pcm(samples: Samples) -> bytes:
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def address(service: ServiceProcess, path: str) -> str:
    return f"ws://127.0.0.1:{service.client.base_url.port}{path}"


def opened(service: ServiceProcess, path: str = LINEAR, **options: Any) -> Connection:
    return connect(address(service, path), **options)


def streams(service: ServiceProcess) -> int:
    """How many are open, by its own word."""
    return service.gauge("streams_open")


def messages(connection: Connection) -> list[Any]:
    """All that comes until it is closed."""
    found = []
    with contextlib.suppress(ConnectionClosed):
        while True:
            found.append(json.loads(connection.recv(timeout=60)))
    return found


def text_of(found: list[Any]) -> str:
    finals = [one for one in found if one["type"] == "Results" and one["is_final"]]
    return " ".join(text for one in finals if (text := one["channel"]["alternatives"][0]["transcript"]))


def sent(connection: Connection, sound: bytes, size: int = 3200) -> None:
    for first in range(0, len(sound), size):
        connection.send(sound[first : first + size])


def understood(text: str) -> bool:
    return text.lower().count("order number") == 2


def test_deepgrams_own_client_streams(service: ServiceProcess, call: Samples) -> None:
    here = address(service, "")
    environment = DeepgramClientEnvironment(base=here, production=here, agent=here, agent_rest=here)
    found = []
    with DeepgramClient(api_key="none", environment=environment).listen.v1.connect(
        model="whisper-1", language="en", encoding="linear16", sample_rate=16000, interim_results=True, vad_events=True
    ) as connection:
        sound = pcm(call)
        for first in range(0, len(sound), 6400):
            connection.send_media(sound[first : first + 6400])
        connection.send_keep_alive()
        connection.send_close_stream()
        with contextlib.suppress(ConnectionClosed):
            while True:
                found.append(connection.recv())
    assert [type(one).__name__ for one in found[-1:]] == ["ListenV1Metadata"]
    results = [one for one in found if type(one).__name__ == "ListenV1Results"]
    finals = [one for one in results if one.is_final]
    assert understood(" ".join(one.channel.alternatives[0].transcript for one in finals))
    assert sum(bool(one.speech_final) for one in finals) == 2
    assert any(not one.is_final for one in results)
    assert sum(type(one).__name__ == "ListenV1SpeechStarted" for one in found) == 2
    starts = [word.start for one in finals for word in one.channel.alternatives[0].words]
    assert starts == sorted(starts)
    assert found[-1].duration == pytest.approx(len(call) / SAMPLE_RATE, abs=0.1)


def test_openais_own_client_streams(service: ServiceProcess, call: Samples) -> None:
    at_24_khz = np.interp(np.arange(0, len(call), SAMPLE_RATE / 24_000), np.arange(len(call)), call)
    client = OpenAI(base_url=f"{service.client.base_url}/v1", api_key="none", max_retries=0)
    deltas: dict[str, str] = {}
    completed: dict[str, str] = {}
    with client.realtime.connect(extra_query={"intent": "transcription"}) as connection:
        assert connection.recv().type == "session.created"
        connection.session.update(
            session={
                "type": "transcription",
                "audio": {"input": {"format": {"type": "audio/pcm", "rate": 24000}, "transcription": {"language": "en"}}},
            }
        )
        assert connection.recv().type == "session.updated"
        sound = pcm(at_24_khz.astype(np.float32))
        for first in range(0, len(sound), 48_000):
            connection.input_audio_buffer.append(audio=base64.b64encode(sound[first : first + 48_000]).decode())
        while len(completed) < 2:
            event: Any = connection.recv()
            assert event.type != "error", event
            if event.type.endswith("transcription.delta"):
                deltas[event.item_id] = deltas.get(event.item_id, "") + event.delta
            elif event.type.endswith("transcription.completed"):
                completed[event.item_id] = event.transcript
    assert deltas == completed
    assert understood(" ".join(completed.values()))
    until(lambda: streams(service) == 0)


def test_a_client_that_ends_its_segments_itself_gets_one_item_for_each_commit(service: ServiceProcess) -> None:
    with opened(service, "/v1/realtime?intent=transcription") as connection:
        settings = {"format": {"type": "audio/pcm", "rate": 16000}, "turn_detection": None, "transcription": {"language": "en"}}
        connection.send(json.dumps({"type": "session.update", "session": {"audio": {"input": settings}}}))
        connection.send(json.dumps({"type": "input_audio_buffer.commit", "event_id": "too early"}))
        sound = base64.b64encode(pcm(said(SENTENCE))).decode()
        for _ in range(2):
            connection.send(json.dumps({"type": "input_audio_buffer.append", "audio": sound}))
            connection.send(json.dumps({"type": "input_audio_buffer.commit"}))
        found: list[Any] = []
        while sum(one["type"].endswith("completed") for one in found) < 2:
            found.append(json.loads(connection.recv(timeout=60)))
    [error] = [one["error"] for one in found if one["type"] == "error"]
    assert (error["code"], error["event_id"]) == ("input_audio_buffer_commit_empty", "too early")
    transcripts = [one["transcript"] for one in found if one["type"].endswith("completed")]
    assert all("order number" in text.lower() for text in transcripts)


@pytest.mark.parametrize(
    ("suffix", "options"),
    [(".webm", ("-c:a", "libopus")), (".ogg", ("-c:a", "libopus")), (".wav", ()), (".mp3", ()), (".flac", ())],
)
def test_a_browsers_recording_is_decoded_while_it_comes(
    service: ServiceProcess, call: Samples, suffix: str, options: tuple[str, ...]
) -> None:
    recording = encoded(call, suffix, *options)
    with opened(service, "/v1/listen?language=en") as connection:
        sent(connection, recording, 997)
        connection.send('{"type": "CloseStream"}')
        found = messages(connection)
    assert understood(text_of(found)), found


def test_text_comes_while_the_recording_still_does(service: ServiceProcess, call: Samples) -> None:
    recording = encoded(call, ".webm", "-c:a", "libopus")
    with opened(service, "/v1/listen?language=en") as connection:
        sent(connection, recording[: int(len(recording) * 0.8)])
        first = json.loads(connection.recv(timeout=60))
        assert first["type"] == "Results"


@pytest.mark.parametrize(("encoding", "codec"), [("mulaw", "pcm_mulaw"), ("alaw", "pcm_alaw")])
def test_telephonys_laws_are_understood(service: ServiceProcess, call: Samples, encoding: str, codec: str) -> None:
    raw = encoded(call, ".raw", "-ar", "8000", "-c:a", codec, "-f", codec.removeprefix("pcm_"))
    with opened(service, f"/v1/listen?encoding={encoding}&sample_rate=8000&language=en") as connection:
        sent(connection, raw, 333)
        connection.send('{"type": "CloseStream"}')
        assert understood(text_of(messages(connection)))


def test_captions_come_as_webvtt(service: ServiceProcess, call: Samples) -> None:
    with opened(service, f"{LINEAR}&format=vtt") as connection:
        sent(connection, pcm(call))
        connection.send('{"type": "CloseStream"}')
        blocks = []
        with contextlib.suppress(ConnectionClosed):
            while True:
                blocks.append(str(connection.recv(timeout=60)))
    assert blocks[0] == "WEBVTT\n\n"
    assert len(blocks) == 3
    assert all(" --> " in block for block in blocks[1:])


def test_the_whole_is_heard_once_more_for_who_asks(service: ServiceProcess, call: Samples) -> None:
    with opened(service, f"{LINEAR}&corrections=true") as connection:
        sent(connection, pcm(call))
        connection.send('{"type": "CloseStream"}')
        found = messages(connection)
    live = {one["segment"]: one for one in found if one["type"] == "Results"}
    corrections = [one for one in found if one["type"] == "Correction"]
    assert {one["segment"] for one in corrections} <= set(live)
    assert found[-1]["type"] == "Metadata"
    until(lambda: service.sizes() == [])


def test_finalize_tells_at_once_what_is_not_certain_yet(service: ServiceProcess) -> None:
    with opened(service, f"{LINEAR}&endpointing=false") as connection:
        sent(connection, pcm(said(SENTENCE, around=0.2)))
        connection.send('{"type": "Finalize"}')
        found: list[Any] = []
        while not found or not found[-1]["from_finalize"]:
            found.append(json.loads(connection.recv(timeout=60)))
    assert "order number" in text_of(found).lower()


@pytest.mark.parametrize(
    ("path", "at"),
    [
        ("/v1/listen?encoding=linear16", "sample_rate"),
        ("/v1/listen?model=nova-3", "asr-small"),
        ("/v1/listen?language=klingon", "language"),
        ("/v1/realtime", "intent"),
        ("/v1/realtime?intent=transcription&model=gpt-4o-transcribe", "asr-small"),
        ("/v1/realtime?intent=transcription&voice=alloy", "voice"),
    ],
)
def test_what_is_not_offered_is_refused_before_the_stream_opens(service: ServiceProcess, path: str, at: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        opened(service, path)
    assert refused.value.response.status_code == 422
    assert at in json.loads(refused.value.response.body or b"")["error"]["message"]


def test_one_stream_too_many_is_told_when_to_come_back(service: ServiceProcess) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(3):
            held.enter_context(opened(service))
        until(lambda: streams(service) == 3)
        with pytest.raises(InvalidStatus) as refused:
            opened(service)
        assert refused.value.response.status_code == 429
        assert int(refused.value.response.headers["Retry-After"]) >= 1
    until(lambda: streams(service) == 0)


def test_pages_of_strangers_are_not_let_in(service: ServiceProcess) -> None:
    with pytest.raises(InvalidStatus) as refused:
        opened(service, origin="https://evil.example")
    assert refused.value.response.status_code == 403
    with opened(service, origin=f"http://127.0.0.1:{service.client.base_url.port}"):
        pass


def test_a_client_that_vanishes_frees_its_place_and_its_disk(service: ServiceProcess, call: Samples) -> None:
    connection = opened(service, f"{LINEAR}&corrections=true")
    sent(connection, pcm(call))
    until(lambda: streams(service) == 1)
    connection.socket.shutdown(socket.SHUT_RDWR)
    until(lambda: streams(service) == 0)
    until(lambda: service.sizes() == [])


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7 no sound", b"#EXTM3U\nhttp://127.0.0.1:9/x", b"\x00" * 50_000, os.urandom(50_000)]
)
def test_what_is_no_sound_is_an_error_and_the_end(service: ServiceProcess, content: bytes) -> None:
    with opened(service, "/v1/listen?language=en") as connection:
        connection.send(content)
        connection.send('{"type": "CloseStream"}')
        found = messages(connection)
    assert [one["type"] for one in found] in (["Error", "Metadata"], ["Metadata"])
    until(lambda: streams(service) == 0)


def test_nonsense_in_text_is_answered_and_the_stream_goes_on(service: ServiceProcess, call: Samples) -> None:
    with opened(service) as connection:
        for text in ("", "{", "[]", '{"type": "Sing"}', '{"type": ["Finalize"]}', "\u0000"):
            connection.send(text)
            assert json.loads(connection.recv(timeout=60))["type"] == "Error"
        sent(connection, pcm(call))
        connection.send('{"type": "CloseStream"}')
        assert understood(text_of(messages(connection)))


def test_a_message_without_measure_ends_its_stream_alone(service: ServiceProcess) -> None:
    with opened(service, max_size=None) as connection:
        with contextlib.suppress(ConnectionClosed):
            connection.send(b"\0" * (17 << 20))
            connection.recv(timeout=60)
        assert connection.protocol.close_code == 1009
    assert service.client.get("/healthz").status_code == 200


def test_a_client_that_does_not_read_keeps_nobody_waiting(service: ServiceProcess, call: Samples) -> None:
    deaf = opened(service, f"{LINEAR}&interim_results=true", max_queue=1)
    sent(deaf, pcm(call))
    with opened(service) as other:
        sent(other, pcm(call))
        other.send('{"type": "CloseStream"}')
        assert understood(text_of(messages(other)))
    deaf.socket.shutdown(socket.SHUT_RDWR)
    until(lambda: streams(service) == 0)


def test_a_recording_that_is_sent_at_once_does_not_keep_its_clients_pings_waiting(service: ServiceProcess, call: Samples) -> None:
    with opened(service, ping_interval=0.5, ping_timeout=3) as connection:
        sent(connection, pcm(np.tile(call, 12)), 1 << 15)
        connection.send('{"type": "CloseStream"}')
        found = messages(connection)
    assert found[-1]["type"] == "Metadata"
    assert text_of(found).lower().count("order number") >= 20
    until(lambda: service.sizes() == [])


def test_keys_are_asked_for_and_sigterm_lets_streams_tell_their_last_words(models: Path, call: Samples) -> None:
    with serving(models, "--log-format", "json", TRANSCRIPTION_API_KEYS=KEY) as service:
        with pytest.raises(InvalidStatus) as refused:
            opened(service)
        assert refused.value.response.status_code == 401
        for options in (
            {"additional_headers": {"Authorization": f"Token {KEY}"}},
            {"subprotocols": ["token", KEY]},
            {"subprotocols": ["realtime", f"openai-insecure-api-key.{KEY}"]},
        ):
            with opened(service, f"{LINEAR}&keyterm=Movistar", **options):
                pass
        with opened(service, additional_headers={"Authorization": f"Bearer {KEY}"}) as connection:
            sent(connection, pcm(call[: -int(1.4 * SAMPLE_RATE)]))
            time.sleep(0.3)
            service.process.send_signal(signal.SIGTERM)
            found = messages(connection)
            assert understood(text_of(found))
            assert found[-1]["type"] == "Metadata"
            assert connection.protocol.close_code == 1001
        assert service.process.wait(60) == 0
        assert not any(secret in service.log for secret in (KEY, "Movistar", "order"))
        lines = [json.loads(line) for line in service.log.splitlines()]
        assert [line["status"] for line in lines if line.get("route") == "/v1/listen"] == [401, 101, 101, 101, 101]
