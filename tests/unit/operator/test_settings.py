"""The configuration file: what is wrong with it is said at once, with the field's name."""

from pathlib import Path

import pytest

from transcription_operator.settings import SettingsError, load_settings


def test_an_image_is_all_that_has_to_be_given(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("runner: {image: 'runner:1'}")
    settings = load_settings(file)
    assert (settings.runner.device, settings.runner.model.name, settings.storage.secret_name) == (
        "cuda",
        "large-v2",
        "minio-credentials",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Input should be"),
        ("runner: {}", "runner.image: Field required"),
        ("runner: {image: x, device: tpu}", "runner.device"),
        ("runner: {image: x}\nmetricsPort: 0", "metricsPort"),
        ("runner: {image: x}\nsurprise: 1", "surprise"),
        ("runner: {image: x}\nstorage: {endpoint: minio}", "storage.endpoint"),
        ("runner: {image: x}\nevents: {url: 'ftp://sink', lease: {namespace: home}}", "events.url"),
        ("runner: {image: x}\nevents: {url: 'https://me:key@sink/', lease: {namespace: home}}", "events.url"),
        ("runner: {image: x}\nevents: {url: 'https://sink/'}", "events.lease: Field required"),
        ("runner: {image: x}\nevents: {url: 'https://sink/', source: '/apis', lease: {namespace: home}}", "events.source"),
        ("runner: {image: x}\nevents: {url: 'https://sink/', timeoutSeconds: 31, lease: {namespace: home}}", "timeoutSeconds"),
        ("runner: [", "is not YAML"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    assert said in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.yaml: cannot be read: No such file"):
        load_settings(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    "url", ["http://broker.events.svc:8080/team/default", "https://[::1]:8443/in?team=a&kind=b", "https://sink"]
)
def test_a_sink_may_have_port_path_and_query(tmp_path: Path, url: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"runner: {{image: x}}\nevents: {{url: '{url}', lease: {{namespace: home}}}}")
    events = load_settings(file).events
    assert events is not None
    assert events.url == url
