"""Who waits: the service's jobs that have not begun, listed at most once in some seconds, however many ask for their position."""

import time
from collections.abc import Callable
from threading import Lock

from transcription_runner.serve.jobs.cluster import Cluster
from transcription_runner.serve.jobs.state import Waiting, position, waiting

FRESH_SECONDS = 3.0


class Line:
    """The jobs that wait. It is a copy for a moment, not kept: the API server knows."""

    def __init__(self, cluster: Cluster, clock: Callable[[], float] = time.monotonic) -> None:
        self._cluster, self._clock = cluster, clock
        self._lock = Lock()
        self._listed: list[Waiting] = []
        self._until = float("-inf")

    def position(self, name: str) -> int:
        """Which one the job is, from 1 on. Waits for the API server; raises ApiUnavailableError, ApiRefusedError."""
        with self._lock:
            if self._clock() >= self._until:
                self._listed = [one for one in map(waiting, self._cluster.all()) if one is not None]
                self._until = self._clock() + FRESH_SECONDS
            return position(name, self._listed)
