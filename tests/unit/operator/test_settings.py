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
