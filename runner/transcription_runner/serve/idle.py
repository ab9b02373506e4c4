"""A service that nobody asks gives the memory of its model back."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from transcription_runner.engine.engine import Engine

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0


@contextmanager
def putting_away(engine: Engine, idle_seconds: float) -> Iterator[None]:
    """While the block runs, look every second whether the engine has been idle for so long. 0: never."""
    if not idle_seconds:
        yield
        return
    ended = Event()

    def look() -> None:
        while not ended.wait(LOOK_SECONDS):
            if engine.put_away(idle_seconds):
                log.info("idle for %g s: the model's memory is given back until the next request", idle_seconds)

    thread = Thread(target=look, name="idle", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
