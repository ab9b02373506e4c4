"""Where models are looked for, what is said when they are missing or damaged, and what a name stands for."""

from pathlib import Path

import pytest
from huggingface_hub import constants
from huggingface_hub.errors import LocalEntryNotFoundError

from transcription_runner.errors import ConfigurationError
from transcription_runner.models.checksums import (
    CHECKSUMS_FILE,
    checksums_of,
    faults,
    read_checksums,
    write_checksums,
)
from transcription_runner.models.folders import (
    bundle_folder,
    folders_of_environment,
    located,
    model_folders,
    not_found,
    use_model_folders,
)
from transcription_runner.models.names import needed


@pytest.fixture
def pulled(tmp_path: Path) -> Path:
    """The folder of a complete model that the model folders serve as `small`."""
    folder = tmp_path / "models/small"
    (folder / "deep").mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"weights")
    (folder / "deep/vocabulary.txt").write_bytes(b"words")
    write_checksums(folder, checksums_of(folder, "owner/small", "abc"))
    use_model_folders([tmp_path / "models"])
    return folder


def test_checksums_know_every_file_but_their_own(pulled: Path) -> None:
    checksums = read_checksums(pulled)
    assert checksums is not None
    assert set(checksums.files) == {"model.bin", "deep/vocabulary.txt"}
    assert sorted(path.name for path in pulled.iterdir()) == [CHECKSUMS_FILE, "deep", "model.bin"]
    assert list(faults(pulled, checksums, contents=True)) == []


def test_a_sound_model_is_found(pulled: Path) -> None:
    assert located("small", "model.bin") == str(pulled)
    assert located(str(pulled), "model.bin") == str(pulled)


@pytest.mark.parametrize("name", ["small", "/"], ids=["by name", "by folder"])
def test_a_model_that_was_cut_off_is_damaged_before_a_library_reads_it(pulled: Path, name: str) -> None:
    (pulled / "model.bin").write_bytes(b"wei")
    with pytest.raises(ConfigurationError, match=r"ModelDamaged: .*model\.bin has 3 bytes instead of 7"):
        located(str(pulled) if name == "/" else name, "model.bin")


def test_a_model_that_lacks_a_file_is_damaged(pulled: Path) -> None:
    (pulled / "deep/vocabulary.txt").unlink()
    with pytest.raises(ConfigurationError, match=r"deep/vocabulary\.txt is missing"):
        located("small", "model.bin")


def test_damaged_checksums_are_damage(pulled: Path) -> None:
    (pulled / CHECKSUMS_FILE).write_text("{")
    with pytest.raises(ConfigurationError, match=r"checksums\.json is damaged"):
        located("small", "model.bin")


def test_changed_contents_of_the_same_size_are_found_by_reading(pulled: Path) -> None:
    (pulled / "model.bin").write_bytes(b"WEIGHTS")
    checksums = read_checksums(pulled)
    assert checksums is not None
    assert list(faults(pulled, checksums, contents=False)) == []
    assert [name for name, _ in faults(pulled, checksums, contents=True)] == ["model.bin"]


def test_a_bundle_of_torchaudio_is_found_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "WAV2VEC2_ASR_BASE_960H").mkdir()
    (tmp_path / "WAV2VEC2_ASR_BASE_960H/weights.pth").touch()
    use_model_folders([tmp_path])
    assert bundle_folder("WAV2VEC2_ASR_BASE_960H") == str(tmp_path / "WAV2VEC2_ASR_BASE_960H")
    assert bundle_folder("VOXPOPULI_ASR_BASE_10K_FR") is None
    assert bundle_folder("../WAV2VEC2_ASR_BASE_960H") is None


def test_a_missing_model_is_told_with_all_places_and_the_way_to_provide_it(monkeypatch: pytest.MonkeyPatch) -> None:
    use_model_folders([Path("/models"), Path("/more")])
    monkeypatch.setattr(constants, "HF_HUB_CACHE", "/volume/hub")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    said = not_found("model", "large-v2", OSError("cannot find it\nand so on")).message
    assert "/models, /more, the cache /volume/hub, no hub, since HF_HUB_OFFLINE is set (cannot find it)" in said
    assert "`transcription-runner models pull large-v2 --to DIR`" in said
    assert said.endswith("let this machine reach the hub (for pods: set runner.offline=false in the operator's chart).")


def test_the_cause_of_a_missing_model_is_told_unless_it_is_known_already(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "outgoing traffic" not in not_found("model", "large-v2", LocalEntryNotFoundError("outgoing traffic is off")).message
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    assert "(no connection)" in not_found("model", "large-v2", LocalEntryNotFoundError("no connection")).message


def test_a_refusal_of_the_hub_speaks_of_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    assert "HF_TOKEN" in not_found("diarization pipeline", "owner/gated", OSError("403 Client Error: gated repo")).message
    assert "HF_TOKEN" not in not_found("model", "owner/gone", OSError("404 Client Error")).message


def test_an_unfinished_pull_is_told(tmp_path: Path) -> None:
    (tmp_path / "large-v2.partial").mkdir()
    use_model_folders([tmp_path])
    assert "large-v2.partial is a pull that was not finished" in not_found("model", "large-v2", OSError("")).message


def test_the_same_weights_are_not_fetched_in_two_formats() -> None:
    both = ["config.json", "model.safetensors", "pytorch_model.bin", "flax_model.msgpack", "vocab.json", "README.md"]
    assert needed(both) == ["config.json", "model.safetensors", "vocab.json"]
    assert needed(["config.json", "pytorch_model.bin", "vocab.txt"]) == ["config.json", "pytorch_model.bin", "vocab.txt"]


@pytest.mark.parametrize("files", [[], ["README.md"], ["config.json"], ["model.safetensors"], ["deep/model.bin"]])
def test_a_repository_without_a_loadable_model_is_refused(files: list[str]) -> None:
    with pytest.raises(ValueError, match="no model that the runner can load"):
        needed(files)


def test_only_what_a_process_sets_names_model_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSCRIPTION_MODEL_PATH", f"{tmp_path}:/more")
    assert model_folders() == ()
    assert folders_of_environment() == [tmp_path, Path("/more")]
