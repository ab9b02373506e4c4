"""Memory that was freed goes back to the system: glibc keeps it in the arenas of many threads, which would grow for hours."""

import ctypes
import time
from collections.abc import Callable

SECONDS = 5.0
"""Between two returns, each of which takes some hundredths of a second."""


class Heap:
    """The heap of this process. Without glibc (`malloc_trim`) nothing is done. Threads may share it: twice does no harm."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        self._clock = clock
        self._last = clock()

    def give_back(self) -> bool:
        """Return free pages, unless that was done less than SECONDS ago; whether it was done now."""
        if self._trim is None or self._clock() - self._last < SECONDS:
            return False
        self._last = self._clock()
        self._trim(0)
        return True
