"""What tests of pods need: a local store, and a file for a pod's last words. What one test sets, the next does not see."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.runner.stores import folder_store
from transcription_runner.models.folders import model_folders, use_model_folders
from transcription_runner.store.folder import FolderStore


@pytest.fixture(autouse=True)
def _termination_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSCRIPTION_TERMINATION_LOG", str(tmp_path / "termination-log"))


@pytest.fixture(autouse=True, scope="session")
def _scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Pods that a test makes and never runs leave their folders where pytest clears away."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("scratch")))
        yield


@pytest.fixture(autouse=True)
def _model_folders() -> Iterator[None]:
    before = model_folders()
    yield
    use_model_folders(before)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return folder_store(tmp_path / "store")
