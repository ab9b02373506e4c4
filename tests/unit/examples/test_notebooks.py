"""Notebooks are committed as they are before anybody ran them: no outputs, no counters, nothing of a machine."""

import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[3] / "examples" / "notebooks").glob("*.ipynb"))


def leftovers(notebook: dict[str, Any]) -> list[str]:
    """What running or editing left in it: of each place the name of its cell, or of the document's own metadata."""
    found = [f"metadata.{name}" for name in notebook["metadata"] if name != "language_info"]
    found += [f"language_info.{name}" for name in notebook["metadata"].get("language_info", {}) if name != "name"]
    for cell in notebook["cells"]:
        found += [f"{cell['id']}: {what}" for what in ("outputs", "execution_count", "metadata", "attachments") if cell.get(what)]
    return found


@pytest.fixture
def stripped() -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "sum",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": ["1 + 1"],
    }
    return {"cells": [cell], "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}


def test_there_are_two() -> None:
    assert [path.name for path in NOTEBOOKS] == ["batch-processing.ipynb", "speech-recognition.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_has_nothing_of_a_run(path: Path) -> None:
    assert leftovers(json.loads(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("what", "left", "found"),
    [
        ("outputs", [{"output_type": "stream", "name": "stdout", "text": ["2"]}], "sum: outputs"),
        ("execution_count", 1, "sum: execution_count"),
        ("metadata", {"collapsed": True}, "sum: metadata"),
    ],
)
def test_what_a_run_leaves_in_a_cell_is_found(what: str, left: Any, found: str, stripped: dict[str, Any]) -> None:
    assert leftovers(stripped) == []
    stripped["cells"][0][what] = left
    assert leftovers(stripped) == [found]


def test_what_a_kernel_leaves_in_the_document_is_found(stripped: dict[str, Any]) -> None:
    stripped["metadata"]["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    stripped["metadata"]["language_info"]["version"] = "3.12.1"
    assert leftovers(stripped) == ["metadata.kernelspec", "language_info.version"]
