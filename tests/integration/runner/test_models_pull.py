"""`transcription-runner models` against a real HTTP server that speaks the hub's language: what arrives, and what goes wrong."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.runner.hub import COMMIT, Hub, Repository, folder_contents
from transcription_runner.errors import ConfigurationError
from transcription_runner.models.fetch import FetchError, fetch
from transcription_runner.models.folders import bundle_folder, default_aligner, located, model_folders, use_model_folders
from transcription_runner.models.names import Bundle, aligner_of

TINY = "Systran/faster-whisper-tiny"
BIG = {"config.json": b"{}", "tokenizer.json": b"{}", "vocabulary.txt": b"a\n", "model.bin": os.urandom(25_000_000)}
"""Larger than the pieces of 10 MB in which huggingface_hub writes."""

Models = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def _model_folders() -> Iterator[None]:
    before = model_folders()
    yield
    use_model_folders(before)


@pytest.fixture
def hub() -> Iterator[Hub]:
    server = Hub()
    yield server
    server.close()


@pytest.fixture
def run(hub: Hub, tmp_path: Path) -> Models:
    """`transcription-runner models …` with the small hub as the hub, `surroundings` added to its environment."""

    def run(*arguments: str | Path, **surroundings: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "transcription_runner", "models", *map(str, arguments)]
        environment = hub.surroundings(tmp_path / "cache", **surroundings)
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, env=environment, check=False)
        assert "Traceback" not in done.stderr
        return done

    return run


def test_a_pulled_model_is_a_plain_folder_with_checksums_that_loads_by_its_name(
    hub: Hub, run: Models, models: Path, tmp_path: Path
) -> None:
    original = folder_contents(models / "asr-small")
    hub.repositories[TINY] = Repository({**original, "README.md": b"about"})
    done = run("pull", "tiny", "--to", tmp_path / "to")
    assert done.returncode == 0, done.stderr
    arrived = folder_contents(tmp_path / "to/tiny")
    checksums = json.loads(arrived.pop("checksums.json"))
    assert arrived == original
    assert not any(path.is_symlink() for path in (tmp_path / "to").rglob("*"))
    assert (checksums["source"], checksums["revision"]) == (TINY, COMMIT)
    assert {name: file["bytes"] for name, file in checksums["files"].items()} == {
        name: len(data) for name, data in original.items()
    }
    assert [path.name for path in (tmp_path / "to").iterdir()] == ["tiny"]
    assert "tiny: sound, 5 files" in run("verify", tmp_path / "to").stdout
    use_model_folders([tmp_path / "to"])
    from faster_whisper import WhisperModel

    assert WhisperModel(located("tiny", "model.bin"), device="cpu").model.is_multilingual


def test_of_an_aligner_only_the_files_that_are_loaded_are_fetched(hub: Hub, run: Models, models: Path, tmp_path: Path) -> None:
    files = folder_contents(models / "align-small")
    waste = {"pytorch_model.bin": b"x", "tf_model.h5": b"x", "README.md": b"x", "language_model/unigrams.txt": b"x"}
    hub.repositories["owner/aligner"] = Repository({**files, **waste})
    assert run("pull", "owner/aligner", "--to", tmp_path).returncode == 0
    assert set(folder_contents(tmp_path / "owner/aligner")) == {*files, "checksums.json"}


def test_a_pipeline_comes_with_its_subfolders(hub: Hub, run: Models, tmp_path: Path) -> None:
    files = {"config.yaml": b"pipeline: {}\n", "segmentation/pytorch_model.bin": b"weights", "plda/plda.npz": b"numbers"}
    hub.repositories["owner/diarization"] = Repository({**files, "README.md": b"about", ".gitattributes": b""})
    assert run("pull", "owner/diarization", "--to", tmp_path).returncode == 0
    assert set(folder_contents(tmp_path / "owner/diarization")) == {*files, "checksums.json"}


def test_a_model_that_is_there_is_not_fetched_again(hub: Hub, run: Models, tmp_path: Path) -> None:
    hub.repositories["owner/big"] = Repository(BIG)
    run("pull", "owner/big", "--to", tmp_path)
    hub.mend()
    done = run("pull", "owner/big", "--to", tmp_path)
    assert (done.returncode, hub.requests) == (0, [])
    assert "already in" in done.stdout


def test_an_interrupted_pull_never_looks_complete_and_goes_on_where_it_stopped(hub: Hub, run: Models, tmp_path: Path) -> None:
    hub.repositories["owner/big"] = Repository(BIG)
    hub.breaks_after = 15_000_000
    done = run("pull", "owner/big", "--to", tmp_path)
    assert done.returncode == 1
    assert "Run the same command again" in done.stderr
    assert not (tmp_path / "owner/big").exists()
    assert "unfinished" in run("verify", tmp_path).stderr
    hub.mend()
    assert run("pull", "owner/big", "--to", tmp_path).returncode == 0
    ranges = [asked for method, path, asked in hub.requests if method == "GET" and path.endswith("model.bin")]
    assert ranges
    assert all(asked is not None and int(asked.removeprefix("bytes=").partition("-")[0]) >= 10_000_000 for asked in ranges)
    assert (tmp_path / "owner/big/model.bin").read_bytes() == BIG["model.bin"]
    assert not (tmp_path / "owner/big.partial").exists()


@pytest.mark.parametrize("file", ["model.bin", "vocabulary.txt"], ids=["large", "small"])
def test_what_arrives_with_other_contents_than_announced_is_refused_and_fetched_anew(
    hub: Hub, run: Models, tmp_path: Path, file: str
) -> None:
    hub.repositories["owner/big"] = Repository(BIG)
    hub.garbles = file
    done = run("pull", "owner/big", "--to", tmp_path)
    assert done.returncode == 1
    assert f"arrived damaged: {file}" in done.stderr
    assert not (tmp_path / "owner/big").exists()
    hub.mend()
    assert run("pull", "owner/big", "--to", tmp_path).returncode == 0
    assert hub.fetched() == [file]


def test_damage_is_named_reported_at_loading_and_repaired_alone(hub: Hub, run: Models, tmp_path: Path) -> None:
    hub.repositories["owner/big"] = Repository(BIG)
    run("pull", "owner/big", "--to", tmp_path)
    (tmp_path / "owner/big/vocabulary.txt").write_bytes(b"a")
    (tmp_path / "owner/big/config.json").write_bytes(b"[]")
    (tmp_path / "owner/big/tokenizer.json").unlink()
    done = run("verify", tmp_path)
    assert done.returncode == 1
    assert "vocabulary.txt has 1 bytes instead of 2" in done.stderr
    assert "config.json has other contents" in done.stderr
    assert "tokenizer.json is missing" in done.stderr
    use_model_folders([tmp_path])
    with pytest.raises(ConfigurationError, match=r"ModelDamaged: .*vocabulary\.txt has 1 bytes"):
        located("owner/big", "model.bin")
    hub.mend()
    assert run("pull", "owner/big", "--to", tmp_path).returncode == 0
    assert "model.bin" not in hub.fetched()
    assert located("owner/big", "model.bin") == str(tmp_path / "owner/big")
    assert run("verify", TRANSCRIPTION_MODEL_PATH=str(tmp_path)).returncode == 0


def test_a_gated_model_asks_for_a_token_and_comes_with_one(hub: Hub, run: Models, tmp_path: Path) -> None:
    hub.repositories["owner/gated"] = Repository(BIG, token="hf_accepted")
    refused = run("pull", "owner/gated", "--to", tmp_path)
    assert refused.returncode == 1
    assert "is gated" in refused.stderr
    assert "HF_TOKEN is not set" in refused.stderr
    assert not (tmp_path / "owner/gated").exists()
    assert run("pull", "owner/gated", "--to", tmp_path, HF_TOKEN="hf_accepted").returncode == 0


def test_an_unknown_model_is_named_and_the_others_are_fetched(hub: Hub, run: Models, tmp_path: Path) -> None:
    hub.repositories["owner/big"] = Repository(BIG)
    done = run("pull", "owner/gone", "owner/big", "--to", tmp_path)
    assert done.returncode == 1
    assert "owner/gone does not exist, or is private" in done.stderr
    assert (tmp_path / "owner/big/model.bin").exists()


def test_a_name_that_means_nothing_is_answered_with_those_that_do(run: Models, tmp_path: Path) -> None:
    done = run("pull", "large-v9", "--to", tmp_path)
    assert done.returncode == 2
    assert "large-v3-turbo" in done.stderr


def test_a_model_of_another_kind_is_refused_before_it_is_fetched(hub: Hub, run: Models, tmp_path: Path) -> None:
    files = {"config.json": b"{}", "model.safetensors": b"x"}
    hub.repositories["openai/whisper-large-v2"] = Repository(files, config={"model_type": "whisper"})
    done = run("pull", "openai/whisper-large-v2", "--to", tmp_path)
    assert done.returncode == 1
    assert "converted to CTranslate2" in done.stderr
    assert hub.fetched() == []


def test_offline_nothing_is_asked_and_it_is_said_why(hub: Hub, run: Models, tmp_path: Path) -> None:
    done = run("pull", "owner/big", "--to", tmp_path, HF_HUB_OFFLINE="1")
    assert done.returncode == 1
    assert "HF_HUB_OFFLINE is set" in done.stderr
    assert hub.requests == []


def test_a_hub_that_cannot_be_reached_is_named(run: Models, tmp_path: Path) -> None:
    done = run("pull", "owner/big", "--to", tmp_path, HF_ENDPOINT="http://127.0.0.1:9")
    assert done.returncode == 1
    assert "http://127.0.0.1:9/owner/big" in done.stderr


def test_a_folder_that_no_pull_has_made_is_left_alone(run: Models, tmp_path: Path) -> None:
    (tmp_path / "owner/mine").mkdir(parents=True)
    (tmp_path / "owner/mine/model.bin").write_bytes(b"mine")
    done = run("pull", "owner/mine", "--to", tmp_path)
    assert done.returncode == 1
    assert "it was not pulled" in done.stderr
    assert (tmp_path / "owner/mine/model.bin").read_bytes() == b"mine"


def test_nothing_to_verify_is_not_taken_for_sound(run: Models, tmp_path: Path) -> None:
    assert run("verify", tmp_path).returncode == 2


def test_the_usual_aligner_of_a_language_is_fetched_and_found_by_the_language(
    hub: Hub, run: Models, models: Path, tmp_path: Path
) -> None:
    dutch = "jonatasgrosman/wav2vec2-large-xlsr-53-dutch"
    hub.repositories[dutch] = Repository(folder_contents(models / "align-small"))
    (tmp_path / "aligners.json").write_text('{"es": "my-aligner"}')
    assert run("pull", "--align", "nl", "--to", tmp_path).returncode == 0
    assert json.loads((tmp_path / "aligners.json").read_text()) == {"es": "my-aligner", "nl": dutch}
    use_model_folders([tmp_path])
    assert default_aligner("nl") == str(tmp_path / dutch)


def test_a_language_without_an_aligner_is_told() -> None:
    assert aligner_of("en") == "WAV2VEC2_ASR_BASE_960H"
    with pytest.raises(ValueError, match="klingon"):
        aligner_of("klingon")


def test_the_weights_of_a_bundle_are_loaded_from_the_folder_they_were_pulled_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """torchaudio asks a server of its own, which is not there: a small bundle of that kind, with its weights put in place."""
    from importlib import import_module

    import torch

    pipelines = import_module("torchaudio.pipelines")
    usual = pipelines.WAV2VEC2_ASR_BASE_960H
    small = {**usual._params, "encoder_num_layers": 1, "encoder_embed_dim": 48, "encoder_num_heads": 4}
    bundle = dataclasses.replace(usual, _path="small.pth", _params=small)
    monkeypatch.setattr(pipelines, "WAV2VEC2_ASR_BASE_960H", bundle)
    partial = tmp_path / "WAV2VEC2_ASR_BASE_960H.partial"
    partial.mkdir()
    (partial / "small.pth").write_bytes(b"cut off")
    with pytest.raises(FetchError, match="could not be fetched whole"):
        fetch("WAV2VEC2_ASR_BASE_960H", Bundle("WAV2VEC2_ASR_BASE_960H"), tmp_path)
    partial.mkdir()
    network = import_module("torchaudio.models").wav2vec2_model(**{**small, "aux_num_out": 32})  # three of which the bundle drops
    torch.save(network.state_dict(), partial / "small.pth")
    assert fetch("WAV2VEC2_ASR_BASE_960H", Bundle("WAV2VEC2_ASR_BASE_960H"), tmp_path)
    assert set(folder_contents(tmp_path / "WAV2VEC2_ASR_BASE_960H")) == {"small.pth", "checksums.json"}
    use_model_folders([tmp_path])
    (tmp_path / "aligners.json").write_text('{"en": "WAV2VEC2_ASR_BASE_960H"}')
    assert default_aligner("en") == "WAV2VEC2_ASR_BASE_960H"
    assert bundle_folder("WAV2VEC2_ASR_BASE_960H") == str(tmp_path / "WAV2VEC2_ASR_BASE_960H")
