"""A recogniser's weights: on the device while anybody works with them, and put away when nobody has for a while."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition
from typing import Any

from transcription_runner.engine import cuda


class Weights:
    """Of one CTranslate2 model. Safe to use from several threads."""

    def __init__(self, model: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._model, self._clock = model, clock
        self._working, self._since = 0, clock()
        self._changed = Condition()

    @property
    def at_hand(self) -> bool:
        """Whether they are on the device."""
        return bool(self._model.model_is_loaded)

    @contextmanager
    def in_work(self) -> Iterator[None]:
        """They are there while the block runs; fetched first, from the disk, where they were put away.

        Raises RuntimeError where there is no memory for them any more: the next block tries again.
        """
        with self._changed:
            if not self.at_hand:
                self._model.load_model()
            self._working += 1
        try:
            yield
        finally:
            with self._changed:
                self._working -= 1
                self._since = self._clock()

    def put_away(self, idle_seconds: float) -> bool:
        """Give their memory back if nobody has worked with them for so long; whether that was done."""
        with self._changed:
            if self._working or not self.at_hand or self._clock() - self._since < idle_seconds:
                return False
            self._model.unload_model()
            cuda.empty_cache()
            return True
