"""The notebook of one file, against the service in the cluster: each cell shows what the text above it promises."""

import io
import re
from collections.abc import Iterator

import httpx2
import pytest
import soundfile

from tests.e2e.notebooks import Shown, executed
from tests.e2e.service.deployed import DeployedService

NOTEBOOK = "speech-recognition"


@pytest.fixture(scope="module")
def shown(service: DeployedService) -> Iterator[Shown]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SERVICE_URL", service.url)
        yield executed(NOTEBOOK)


def test_it_runs_to_its_end_without_a_warning(shown: Shown) -> None:
    assert not shown.error
    assert not shown.warnings()


def test_one_file_comes_back_as_text_with_times(shown: Shown) -> None:
    assert re.search(r"12\.\d+ - +14\.\d+  This is Diane in New Jersey", shown.text("one-file"))
    assert "New Jersey" in shown.text("openai")


def test_every_parameter_does_what_is_said_of_it(shown: Shown) -> None:
    assert re.search(r"heard: +\{'code': 'en', 'probability': 0\.\d+", shown.text("language"))
    assert re.search(r"said: +\{'code': 'en'", shown.text("language"))
    assert shown.text("compute-type").startswith("int8 200")
    assert re.search(r"application/x-subrip.*\n1\n00:00:\d\d,\d{3} --> ", shown.text("format"))
    told = re.search(r"(\d+) words with times; 0 without", shown.text("word-timestamps"))
    assert told
    assert 60 <= int(told[1]) <= 100
    assert re.search(r"CHANNEL_0 +Hello, this is the billing", shown.text("channels"))
    assert re.search(r"CHANNEL_1 +.*charged twice", shown.text("channels"))
    assert re.search(r"SPEAKER_|422 ", shown.text("diarize"))


def test_what_is_wrong_is_told_in_the_words_of_the_service(shown: Shown) -> None:
    told = [line for line in shown.text("errors").splitlines() if not line.startswith(" ")]
    assert [line.partition(":")[0] for line in told] == [
        "422 InvalidParameter, param langauge",
        "422 InvalidParameter, param language",
        "415 UnsupportedFormat, param file",
        "422 EmptyObject, param file",
        "422 DamagedAudio, param file",
    ]
    assert "there is no parameter 'langauge'; there are language, task" in told[0]
    assert re.findall(r"    allowed: (\w+)", shown.text("errors")) == ["language", "af"]


def test_words_are_drawn_and_the_one_that_is_played_is_that_word(shown: Shown, service: DeployedService) -> None:
    [picture] = shown.pictures("waveform")
    assert len(picture) > 20_000
    assert "Chicago" in shown.text("listen")
    played = {"file": ("word.wav", shown.sound("listen"))}
    heard = httpx2.post(f"{service.url}/transcribe", params={"language": "en", "format": "txt"}, files=played, timeout=60)
    assert "chicago" in heard.text.lower()
    samples, rate = soundfile.read(io.BytesIO(shown.sound("listen")))
    assert 0.2 < len(samples) / rate < 1.5


def test_a_service_that_is_not_reached_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_URL", "http://127.0.0.1:9")
    error = executed(NOTEBOOK).error
    assert "nothing answers at SERVICE_URL=http://127.0.0.1:9. Is this still running?  kubectl port-forward" in error
