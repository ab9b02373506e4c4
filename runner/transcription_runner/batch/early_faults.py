"""Is it the files, or is it this pod? If a run's first files all end with an internal error, it is the pod.

A driver that does not fit or a broken model fails one file like the next. Recorded, that would mark a whole bucket as failed;
so the first internal errors are kept back until a transcript with words shows that the engine works.
"""

from threading import Lock

from transcription_api.names import ExitCode
from transcription_runner.batch.exit import RunError
from transcription_runner.batch.writer import Finished

INTERNAL = "InternalError"
MOST_EARLY_FAULTS = 5


class EarlyFaults:
    """Keeps the first internal errors back. Safe to use from several threads."""

    def __init__(self, most: int = MOST_EARLY_FAULTS) -> None:
        self._most = most
        self._kept: list[Finished] = []
        self._engine_works = False
        self._lock = Lock()

    def passed(self, result: Finished) -> list[Finished]:
        """The results that may be written now. Raises RunError when the first `most` files all ended with an internal error."""
        with self._lock:
            if result.transcript is not None and result.transcript.segments:
                self._engine_works = True
            if self._engine_works or result.fault is None or result.fault.reason != INTERNAL:
                return [*(self._let_go() if self._engine_works else []), result]
            self._kept.append(result)
            if len(self._kept) >= self._most:
                raise RunError(
                    ExitCode.INTERNAL,
                    INTERNAL,
                    f"the first {self._most} files all failed with an internal error, none of them is recorded; "
                    f"the last: {result.fault.message}",
                )
            return []

    def rest(self) -> list[Finished]:
        """What is still kept back once there are no more files: too few to blame the pod."""
        with self._lock:
            return self._let_go()

    def _let_go(self) -> list[Finished]:
        kept, self._kept = self._kept, []
        return kept
