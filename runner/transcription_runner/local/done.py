"""What is already transcribed in an output folder, so that a rerun does not do it again: `.transcribed.jsonl` beside the outputs.

One line is added for each file once all its outputs are written: its name, its size and time of change, and a hash of everything
that shapes the outputs (model, settings, formats, cue limits). The last line of a name counts. A line that was cut off, or a
file that was removed, costs nothing but doing the work again.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from transcription_api.ledger import output_key
from transcription_api.speech import Format

FILE = ".transcribed.jsonl"


class State(NamedTuple):
    """A source file as it was when it was read, and by which settings it was transcribed."""

    bytes: int
    changed_ns: int
    recipe: str


def state_of(path: Path, recipe: str) -> State:
    """The file as it is now. Raises OSError."""
    status = path.stat()
    return State(status.st_size, status.st_mtime_ns, recipe)


class Done:
    """The record of one output folder."""

    def __init__(self, folder: Path, formats: Sequence[Format]) -> None:
        """Read what is recorded."""
        self._folder, self._formats = folder, formats
        self._states = dict(_read(folder / FILE))

    def holds(self, name: str, state: State) -> bool:
        """Whether the file of this name was transcribed in this state, and all its outputs are there."""
        return self._states.get(name) == state and all(
            (self._folder / output_key("", name, suffix)).is_file() for suffix in self._formats
        )

    def add(self, name: str, state: State) -> None:
        """Record that all outputs of a file are written. Raises OSError."""
        line = "\n" + json.dumps({"name": name, **state._asdict()}, ensure_ascii=False)  # a line that was cut off ends here
        with (self._folder / FILE).open("a", encoding="utf-8", errors="surrogateescape") as file:
            file.write(line)
        self._states[name] = state


def _read(file: Path) -> list[tuple[str, State]]:
    """What the lines say; those that say nothing sensible are left out."""
    try:
        lines = file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            entry = json.loads(line)
            found.append((str(entry.pop("name")), State(**entry)))
        except (ValueError, TypeError, AttributeError, KeyError):
            continue
    return found
