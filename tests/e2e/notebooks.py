"""A notebook of examples/notebooks, run as a user runs it, and what its cells showed."""

import base64
import re
from pathlib import Path
from typing import Any

from nbmake.nb_run import NotebookRun

NOTEBOOKS = Path(__file__).parents[2] / "examples" / "notebooks"


class Shown:
    """The outputs of a notebook's cells, by the cells' ids."""

    def __init__(self, document: Any, error: str) -> None:
        self._outputs = {cell["id"]: cell["outputs"] for cell in document["cells"] if cell["cell_type"] == "code"}
        self.error = error
        """What the cell raised at which the notebook stopped; empty if it ran through."""

    def text(self, cell: str) -> str:
        """All that a cell printed, and its last value as text."""
        return "".join(self._printed(cell, "stdout")) + "\n".join(self._values(cell, "text/plain"))

    def table(self, cell: str) -> list[list[str]]:
        """The rows of the table that is a cell's last value, its head aside, each as its fields."""
        [html] = self._values(cell, "text/html")
        rows = re.findall(r"<tr>(.*?)</tr>", html.partition("<tbody>")[2], flags=re.DOTALL)
        return [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, flags=re.DOTALL) for row in rows]

    def pictures(self, cell: str) -> list[bytes]:
        """The PNG files of a cell's plots."""
        return [base64.b64decode(value) for value in self._values(cell, "image/png")]

    def sound(self, cell: str) -> bytes:
        """The WAV file that a cell's player plays."""
        [player] = self._values(cell, "text/html")
        found = re.search(r"data:audio/wav;base64,([^\"]+)", player)
        assert found, player[:200]
        return base64.b64decode(found[1])

    def warnings(self) -> str:
        """What cells wrote to stderr, bars of progress aside."""
        lines = "".join(text for cell in self._outputs for text in self._printed(cell, "stderr")).replace("\r", "\n").splitlines()
        return "\n".join(line for line in lines if line.strip() and "%|" not in line)

    def _printed(self, cell: str, stream: str) -> list[str]:
        return [output["text"] for output in self._outputs[cell] if output.get("name") == stream]

    def _values(self, cell: str, kind: str) -> list[str]:
        return [output["data"][kind] for output in self._outputs[cell] if kind in output.get("data", {})]


def executed(name: str) -> Shown:
    """Run a notebook in a kernel of this Python, with this process's environment, until its end or the first error."""
    result = NotebookRun(NOTEBOOKS / f"{name}.ipynb", default_timeout=300).execute()
    return Shown(result.nb, re.sub(r"\x1b\[[0-9;]*m", "", result.error.trace) if result.error else "")
