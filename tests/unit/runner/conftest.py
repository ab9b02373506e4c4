"""What tests of pods need: a local store, and a file for a pod's last words."""

from pathlib import Path

import pytest

from tests.unit.runner.stores import folder_store
from transcription_runner.store.folder import FolderStore


@pytest.fixture(autouse=True)
def _termination_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSCRIPTION_TERMINATION_LOG", str(tmp_path / "termination-log"))


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return folder_store(tmp_path / "store")
