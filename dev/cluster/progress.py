"""What `up` and its kin say while they work: one line for each step, with its number and the seconds since the start."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stop(Exception):  # noqa: N818 (not a fault of the program)
    """Something that the person at the keyboard has to settle; the message says what and how."""


class Progress:
    """Counts steps that may run side by side. `total` is how many there will be."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._finished = 0
        self._start = time.monotonic()
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """Seconds since this object was made."""
        return time.monotonic() - self._start

    def say(self, text: str) -> None:
        """Print one line with the time so far."""
        with self._lock:
            print(f"[{self._finished:2d}/{self.total}] {self.seconds:5.0f} s  {text}", flush=True)

    @contextmanager
    def step(self, name: str, detail: Callable[[], str] = str) -> Iterator[None]:
        """Announce a step, and when it ends say how long it took. A slow step says every 20 s how far it is (`detail`)."""
        began = time.monotonic()
        ended = threading.Event()

        def remind() -> None:
            while not ended.wait(20):
                self.say(f"{name} ... {time.monotonic() - began:.0f} s {detail()}".rstrip())

        self.say(f"{name} ...")
        reminder = threading.Thread(target=remind, daemon=True)
        reminder.start()
        try:
            yield
        finally:
            ended.set()
            reminder.join()
        with self._lock:
            self._finished += 1
        self.say(f"{name}: {time.monotonic() - began:.1f} s")
