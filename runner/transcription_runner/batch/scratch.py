"""The scratch folder: fetched objects under generated names, within a budget of bytes."""

import shutil
import tempfile
from collections import deque
from pathlib import Path
from threading import Condition, Event
from uuid import uuid4


class Scratch:
    """A private folder. Nothing of an object's name is ever part of a path in it. Safe to use from several threads."""

    def __init__(self, budget_bytes: int) -> None:
        self._budget = budget_bytes
        self._folder = Path(tempfile.mkdtemp(prefix="transcription-"))
        self._taken: dict[Path, int] = {}
        self._waiting: deque[Path] = deque()
        self._changed = Condition()

    @property
    def budget(self) -> int:
        """Bytes that all files together may take."""
        return self._budget

    def reserve(self, size: int, stop: Event) -> Path | None:
        """A new path, once `size` bytes fit into the budget; None when `stop` is set first.

        Who asked first is served first: a large object would wait for ever behind small ones that still fit.
        """
        path = self.path()
        with self._changed:
            self._waiting.append(path)
            try:
                while self._waiting[0] != path or (self._taken and sum(self._taken.values()) + size > self._budget):
                    if stop.is_set():
                        return None
                    self._changed.wait(0.5)
                self._taken[path] = size
                return path
            finally:
                self._waiting.remove(path)
                self._changed.notify_all()

    def path(self) -> Path:
        """A new path in the folder, outside the budget."""
        return self._folder / uuid4().hex

    def free(self, path: Path) -> None:
        """Remove the file and give its bytes back."""
        path.unlink(missing_ok=True)
        with self._changed:
            self._taken.pop(path, None)
            self._changed.notify_all()

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)
