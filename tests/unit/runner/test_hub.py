"""Whose models a pod takes from the hub: pickles of known owners only, and where owners are listed, nobody else's at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from transcription_runner.errors import ConfigurationError
from transcription_runner.models.folders import located, use_model_folders
from transcription_runner.models.hub import use_hub_owners


@pytest.fixture(autouse=True)
def unrestricted_afterwards() -> Iterator[None]:
    use_model_folders([])
    yield
    use_hub_owners(None)


def refusal(name: str, needed_file: str, *, pickled: bool) -> str:
    with pytest.raises(ConfigurationError) as caught:
        located(name, needed_file, pickled=pickled)
    assert caught.value.reason == "ModelNotAllowed"
    return caught.value.message


def test_on_a_machine_of_ones_own_nothing_is_restricted() -> None:
    assert located("stranger/voices", "config.yaml", pickled=True) == "stranger/voices"


def test_a_pod_takes_pickles_of_nobody_that_it_does_not_know() -> None:
    use_hub_owners(())
    assert located("pyannote/speaker-diarization-community-1", "config.yaml", pickled=True).startswith("pyannote/")
    assert located("stranger/whisper", "model.bin") == "stranger/whisper", "these weights run nothing"
    said = refusal("stranger/voices", "config.yaml", pickled=True)
    assert "models of stranger may not be taken from the hub" in said
    assert "but of pyannote (its weights are pickles" in said
    assert "policy.hubOwners of the operator's chart" in said


def test_where_owners_are_listed_they_are_the_only_ones() -> None:
    use_hub_owners(["mine", "Systran"])
    assert located("mine/voices", "config.yaml", pickled=True) == "mine/voices"
    assert "but of mine, Systran:" in refusal("stranger/whisper", "model.bin", pickled=False)
    assert "models of pyannote may not" in refusal("pyannote/speaker-diarization-community-1", "config.yaml", pickled=True)


def test_names_without_an_owner_are_the_libraries_choice() -> None:
    use_hub_owners(["mine"])
    assert located("large-v2", "model.bin") == "large-v2"


def test_what_lies_in_a_model_folder_is_nobody_elses(tmp_path: Path) -> None:
    (tmp_path / "stranger/voices").mkdir(parents=True)
    (tmp_path / "stranger/voices/config.yaml").touch()
    use_model_folders([tmp_path])
    use_hub_owners(["mine"])
    assert located("stranger/voices", "config.yaml", pickled=True) == str(tmp_path / "stranger/voices")
