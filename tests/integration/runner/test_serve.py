"""The service with the real engine behind a real socket: what people send, what strangers send, and how it ends."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from openai import APIStatusError, OpenAI, UnprocessableEntityError

from tests.integration.runner.raw_upload import RawUpload
from tests.integration.runner.service_process import ServiceProcess, serving, until
from tests.integration.runner.sound import encoded, said, silence, wav

SENTENCE = "please confirm the order number seven four two"
KEY = "a-key-of-the-call-centre"


@pytest.fixture(scope="module")
def service(models: Path) -> Iterator[ServiceProcess]:
    with serving(models, "--places", "32") as process:
        yield process


@pytest.fixture(scope="module")
def sound() -> bytes:
    return wav(said(SENTENCE))


def test_each_format_is_served_with_the_same_words(service: ServiceProcess, sound: bytes) -> None:
    whole = service.post(sound, language="en", format="all").json()
    assert set(whole) == {"json", "tsv", "txt", "vtt", "srt"}
    assert all("order number" in " ".join(text.split()) for name, text in whole.items() if name not in ("json", "vtt", "srt"))
    for name, kind in (("json", "application/json"), ("vtt", "text/vtt"), ("srt", "application/x-subrip"), ("txt", "text/plain")):
        answered = service.post(sound, language="en", format=name)
        assert answered.status_code == 200
        assert answered.headers["content-type"].partition(";")[0] == kind
        assert (answered.json() if name == "json" else answered.text) == whole[name]


def test_parameters_reach_the_engine(service: ServiceProcess) -> None:
    recording = encoded(np.concatenate([said(SENTENCE), silence(1.0)]), ".mp3")
    plain = service.post(recording, language="en", word_timestamps="false", model="asr-small", compute_type="int8").json()
    assert plain["transcription"]["alignment"]["status"] == "disabled"
    split = service.post(recording, language="en", channels="split").json()
    assert split["segments"][0]["speaker"] == "CHANNEL_0"
    assert split["transcription"]["source"]["key"] == "call.wav"
    assert service.post(recording).json()["transcription"]["language"]["probability"] > 0


@pytest.mark.parametrize(
    ("parameters", "at"),
    [({"model": "large-v2"}, "asr-small"), ({"compute_type": "float16"}, "int8"), ({"min_speakers": "2"}, "diarize=true")],
)
def test_what_is_not_loaded_is_refused_with_what_is(
    service: ServiceProcess, sound: bytes, parameters: dict[str, str], at: str
) -> None:
    answered = service.post(sound, **parameters)
    assert answered.status_code == 422
    assert at in answered.json()["error"]["message"]


def test_clients_side_by_side_get_each_their_own_words(service: ServiceProcess) -> None:
    words = ("seven", "account", "ready", "order")
    sounds = [wav(said(text)) for text in ("the number seven", "my account please", "it is ready now", "confirm the order")]
    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(lambda index: service.post(sounds[index % 4], language="en", format="txt").text, range(16)))
    assert sum(words[index % 4] in text for index, text in enumerate(answers)) >= 12
    assert len({*answers}) >= 4


def test_a_client_that_hangs_up_frees_its_place(service: ServiceProcess) -> None:
    long = wav(np.tile(said(SENTENCE), 300))
    for whole in (True, False):  # while it is in work, and while it comes
        with RawUpload(service, long) as upload:
            upload.send_half()
            until(lambda: service.taken() == 1)
            if whole:
                upload.send()
                until(lambda: len(long) in service.sizes())
        until(lambda: service.taken() == 0)
    until(lambda: len(long) not in service.sizes())
    assert service.post(wav(said("yes")), language="en").status_code == 200


def openai_of(service: ServiceProcess, key: str = "none") -> OpenAI:
    return OpenAI(base_url=f"{service.client.base_url}/v1", api_key=key, max_retries=0)


def test_openai_s_own_client_transcribes_and_translates(service: ServiceProcess, sound: bytes) -> None:
    audio = openai_of(service).audio
    assert "order number" in audio.transcriptions.create(model="whisper-1", file=("a.wav", sound), language="en").text
    verbose = audio.transcriptions.create(
        model="asr-small",
        file=("a.wav", sound),
        language="en",
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert verbose.words
    assert verbose.segments
    assert [word.word for word in verbose.words[:2]] == verbose.text.split()[:2]
    assert 0 <= verbose.words[0].start < verbose.words[-1].end <= verbose.duration
    assert audio.transcriptions.create(model="whisper-1", file=("a.wav", sound), language="en", response_format="vtt").startswith(
        "WEBVTT"
    )
    assert audio.translations.create(model="whisper-1", file=("a.wav", sound)).text
    assert [model.id for model in openai_of(service).models.list()] == ["asr-small"]


def test_openai_s_own_client_reads_a_stream(service: ServiceProcess) -> None:
    recording = wav(np.tile(said(SENTENCE), 9))
    deltas, whole = [], ""
    for event in openai_of(service).audio.transcriptions.create(
        model="whisper-1", file=("a.wav", recording), language="en", stream=True
    ):
        if event.type == "transcript.text.delta":
            deltas.append(event.delta)
        elif event.type == "transcript.text.done":
            whole = event.text
    assert len(deltas) > 1
    assert "".join(deltas) == whole


def test_openai_s_own_client_gets_its_own_errors(service: ServiceProcess, sound: bytes) -> None:
    with pytest.raises(UnprocessableEntityError) as refused:
        openai_of(service).audio.transcriptions.create(model="gpt-4o-transcribe", file=("a.wav", sound))
    assert (refused.value.code, refused.value.param) == ("ModelNotLoaded", "model")
    with pytest.raises(APIStatusError) as bad:
        openai_of(service).audio.transcriptions.create(model="whisper-1", file=("a.wav", b"%PDF-1.7 no sound"), stream=False)
    assert (bad.value.status_code, bad.value.code) == (415, "UnsupportedFormat")


def test_the_documentation_is_there_without_any_other_server(service: ServiceProcess) -> None:
    page = service.client.get("/docs").text
    [script] = [part.split('"')[1] for part in page.split("src=")[1:]]
    assert len(service.client.get(script).content) > 100_000
    assert "/transcribe" in service.client.get("/openapi.json").json()["paths"]


def test_an_idle_model_is_put_away_and_comes_back_for_the_next_request(models: Path, sound: bytes) -> None:
    with serving(models, "--idle-seconds", "1") as service:

        def at_hand() -> bool:
            return "transcription_service_model_at_hand 1.0" in service.client.get("/metrics").text

        first = service.post(sound, language="en", format="txt").text
        until(lambda: not at_hand())
        assert service.client.get("/readyz").status_code == 200
        assert service.post(sound, language="en", format="txt").text == first
        assert at_hand()


def test_overload_is_refused_keys_are_asked_for_and_sigterm_answers_all_that_were_taken(models: Path) -> None:
    recordings = [wav(np.tile(said(SENTENCE), times)) for times in (2, 3, 4)]
    with serving(models, "--places", "3", "--log-format", "json", TRANSCRIPTION_API_KEYS=KEY) as service:
        assert service.post(recordings[0]).status_code == 401
        service.client.headers["Authorization"] = f"Bearer {KEY}"
        with ThreadPoolExecutor(3) as clients:
            answers = [clients.submit(service.post, one, "anna.wav", language="en", format="txt") for one in recordings]
            until(lambda: service.taken() == 3)
            refused = service.post(recordings[0])
            assert refused.status_code == 429
            assert refused.json()["error"]["position"] == 4
            assert 1 <= int(refused.headers["retry-after"]) <= 60
            assert service.terminated() == 0
            for answer in answers:
                assert answer.result().status_code == 200
                assert "order number" in answer.result().text
        lines = [json.loads(line) for line in service.log.splitlines()]
        assert [line["status"] for line in lines if line.get("route") == "/transcribe"] == [401, 429, 200, 200, 200]
        assert not any(secret in service.log for secret in (KEY, "anna", "order"))
        left = [path for path in service.scratch.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]
        assert left == [], "but for what torch writes there"
