"""A store that waits out outages: every call is tried again, with growing pauses, until the patience ends.

A store that was reached once is waited for as long as outages last. One that was never reached is probably named wrongly, and
its pod holds a GPU for nothing: the patience with it is shorter.
"""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock
from typing import TypeVar

from transcription_runner.store.port import ObjectInfo, Store, StoreUnavailableError, StoreUnreachableError

T = TypeVar("T")

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0


class PatientStore:
    """`inner` with patience. `waiting` hears the last error when a call has to wait, and None when calls work again.

    A conditional write that is tried again may find its own first try: `put_if_absent` then says False, and the caller has to
    look whose the object is.
    """

    def __init__(
        self,
        inner: Store,
        patience_seconds: float,
        waiting: Callable[[str | None], None],
        sleep: Callable[[float], None] = time.sleep,
        first_answer_seconds: float = float("inf"),
    ) -> None:
        self._inner = inner
        self._patience = patience_seconds
        self._first_patience = min(patience_seconds, first_answer_seconds)
        self._reached = False
        self._waiting = waiting
        self._sleep = sleep
        self._lock = Lock()
        self._stuck = 0

    def briefly(self, seconds: float) -> "PatientStore":
        """The same store with little patience, for what can as well be done later. Nobody hears that it waits."""
        brief = PatientStore(self._inner, min(seconds, self._patience), lambda _: None, self._sleep)
        brief._reached = True  # whether there is a store at all is not its question
        return brief

    def list(self, bucket: str, prefix: str, start_after: str = "") -> Iterator[ObjectInfo]:
        """See Store. A listing that breaks off goes on after the last key that it gave."""
        last = start_after
        listing = self._inner.list(bucket, prefix, last)
        broken = False

        def next_object() -> ObjectInfo | None:
            nonlocal listing, broken
            if broken:
                listing, broken = self._inner.list(bucket, prefix, last), False
            try:
                return next(listing, None)
            except StoreUnavailableError:
                broken = True
                raise

        while (found := self._tried(next_object)) is not None:
            last = found.key
            yield found

    def stat(self, bucket: str, key: str) -> ObjectInfo:
        """See Store."""
        return self._tried(lambda: self._inner.stat(bucket, key))

    def get(self, bucket: str, key: str) -> bytes:
        """See Store."""
        return self._tried(lambda: self._inner.get(bucket, key))

    def fetch(self, bucket: str, key: str, target: Path, limit: int) -> ObjectInfo:
        """See Store."""
        return self._tried(lambda: self._inner.fetch(bucket, key, target, limit))

    def put(self, bucket: str, key: str, content: bytes, media_type: str) -> None:
        """See Store."""
        self._tried(lambda: self._inner.put(bucket, key, content, media_type))

    def put_stream(self, bucket: str, key: str, parts: Callable[[], Iterator[bytes]], media_type: str) -> None:
        """See Store. Long content may take longer to come than patience lasts: what counts is the time since its last part."""
        came = time.monotonic()

        def noted() -> Iterator[bytes]:
            nonlocal came
            for part in parts():
                came = time.monotonic()
                yield part

        self._tried(lambda: self._inner.put_stream(bucket, key, noted, media_type), lambda: came)

    def put_if_absent(self, bucket: str, key: str, content: bytes) -> bool:
        """See Store."""
        return self._tried(lambda: self._inner.put_if_absent(bucket, key, content))

    def delete(self, bucket: str, key: str) -> None:
        """See Store."""
        self._tried(lambda: self._inner.delete(bucket, key))

    def _tried(self, call: Callable[[], T], went_well_until: Callable[[], float] = lambda: float("-inf")) -> T:
        waited, pause, stuck = 0.0, FIRST_PAUSE_SECONDS, False
        while True:
            began = time.monotonic()
            try:
                answer = call()
            except StoreUnavailableError as error:
                waited += time.monotonic() - max(began, went_well_until())
                self._reached = self._reached or error.reached
                patience = self._patience if self._reached else self._first_patience
                if waited >= patience:
                    raise self._given_up(error, waited) from error
                if not stuck:
                    stuck = True
                    self._count(1)
                self._waiting(str(error))
                this_pause = min(pause * random.uniform(0.7, 1.3), patience - waited)
                self._sleep(this_pause)
                waited += this_pause
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            except BaseException:
                self._reached = True
                if stuck:
                    self._count(-1)
                raise
            else:
                self._reached = True
                if stuck:
                    self._count(-1)
                return answer

    def _given_up(self, error: StoreUnavailableError, waited: float) -> StoreUnavailableError:
        if self._reached:
            return StoreUnavailableError(f"{error} (gave up after {waited:.0f} s)", reached=True)
        return StoreUnreachableError(f"{error} (never reached in {waited:.0f} s: check storage.endpoint)")

    def _count(self, change: int) -> None:
        """How many calls are waiting; once none is, the store answers again."""
        with self._lock:
            self._stuck += change
            free = self._stuck == 0
        if free:
            self._waiting(None)
