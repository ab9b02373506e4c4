"""Bounds and small parts: limits from the environment, the scratch folder, channels, the termination message, input files."""

import json
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.unit.runner.build import runner_config
from transcription_runner.batch.channel import Channel
from transcription_runner.batch.run import read_config
from transcription_runner.batch.scratch import Scratch
from transcription_runner.batch.termination import write_termination_message
from transcription_runner.errors import ConfigurationError
from transcription_runner.limits import Limits, limits_from_environment
from transcription_runner.models.folders import default_aligner, located, use_model_folders


def test_limits_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSCRIPTION_LEASE_SECONDS", "7.5")
    assert limits_from_environment() == Limits(lease_seconds=7.5)


@pytest.mark.parametrize("value", ["soon", "-1", "0", "inf", "nan"])
def test_a_limit_that_is_no_positive_number_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("TRANSCRIPTION_LEASE_SECONDS", value)
    with pytest.raises(ConfigurationError, match="TRANSCRIPTION_LEASE_SECONDS"):
        limits_from_environment()


def test_the_scratch_folder_waits_for_room_and_ends_empty() -> None:
    scratch = Scratch(budget_bytes=100)
    stop = Event()
    first = scratch.reserve(80, stop)
    assert first is not None
    got: list[Path | None] = []
    waiting = Thread(target=lambda: got.append(scratch.reserve(80, stop)))
    waiting.start()
    waiting.join(0.1)
    assert got == []
    scratch.free(first)
    waiting.join(2)
    assert got != [None]
    assert got[0] is not None
    folder = got[0].parent
    scratch.close()
    assert not folder.exists()


def test_waiting_for_room_ends_on_stop() -> None:
    scratch, stop = Scratch(10), Event()
    scratch.reserve(10, stop)
    stop.set()
    assert scratch.reserve(10, stop) is None
    scratch.close()


def test_names_in_the_scratch_folder_say_nothing_of_the_object() -> None:
    scratch = Scratch(10)
    path = scratch.reserve(1, Event())
    assert path is not None
    assert len(path.name) == 32
    scratch.close()


def test_a_channel_gives_items_in_order_and_ends_when_closed() -> None:
    channel: Channel[int] = Channel(1, Event())

    def give() -> None:
        for number in range(5):
            channel.put(number)
        channel.close()

    Thread(target=give).start()
    assert list(channel) == [0, 1, 2, 3, 4]


def test_a_cancelled_channel_takes_and_gives_nothing() -> None:
    cancelled = Event()
    channel: Channel[int] = Channel(1, cancelled)
    assert channel.put(1)
    cancelled.set()
    assert not channel.put(2)
    assert list(channel) == []


def test_the_termination_message_fits_what_kubernetes_keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "log"
    monkeypatch.setenv("TRANSCRIPTION_TERMINATION_LOG", str(file))
    write_termination_message("BucketNotFound", "ñ" * 5000)
    assert len(file.read_bytes()) <= 4096
    assert json.loads(file.read_text())["reason"] == "BucketNotFound"


def test_a_configuration_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(runner_config().model_dump_json(by_alias=True))
    assert read_config(file) == runner_config()


@pytest.mark.parametrize("content", [None, "", "{}", '{"job": 1, "extra": 2}'])
def test_a_wrong_configuration_says_what_is_wrong(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "config.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigurationError, match=str(file)):
        read_config(file)


def test_a_model_name_is_looked_up_in_the_folders_in_order(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder / "small").mkdir(parents=True)
    (tmp_path / "two" / "small" / "model.bin").touch()
    use_model_folders([tmp_path / "one", tmp_path / "two"])
    assert located("small", "model.bin") == str(tmp_path / "two" / "small")
    assert located("large-v2", "model.bin") == "large-v2"


def test_a_folder_without_a_model_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no model"):
        located(str(tmp_path), "model.bin")


def test_the_usual_aligner_of_a_language_is_named_beside_the_models(tmp_path: Path) -> None:
    (tmp_path / "align").mkdir()
    (tmp_path / "align" / "config.json").touch()
    (tmp_path / "aligners.json").write_text('{"en": "align"}')
    use_model_folders([tmp_path])
    assert default_aligner("en") == str(tmp_path / "align")
    assert default_aligner("fr") is None
    (tmp_path / "aligners.json").write_text('{"en": "gone", "fr": "owner/on-the-hub"}')
    assert default_aligner("fr") == "owner/on-the-hub"
    with pytest.raises(LookupError, match="gone"):
        default_aligner("en")
