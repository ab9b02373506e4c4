"""The loop that every kind shares: take the next object from the queue, look, decide, act; and list everything anew now and then.

Watches only say *that* something changed and put the object on the queue. What is done depends on what the caches hold when its
turn comes, so events may be lost, late or doubled. What to see to, and how, is the kind's own: its `Reconciler` is given here.
"""

import asyncio
import logging
import time
from typing import Protocol

from transcription_operator.apply import RefusedError, StaleError
from transcription_operator.cluster import ApiError, UnreachableError
from transcription_operator.hearing import PATIENCE, Hearing
from transcription_operator.logs import Subject, about
from transcription_operator.metrics import Metrics
from transcription_operator.work_queue import WorkQueue

log = logging.getLogger(__name__)

_SECONDS_TO_FIRST_LISTING = 2.0
FINISHING_SECONDS = 20.0
"""What is at work when the loop is stopped may take so long to be finished; the chart's grace period is longer."""


class Reconciler(Protocol):
    """What a kind brings to the loop. Objects are known by their uid."""

    async def list_everything(self) -> None:
        """Bring the caches in line with the cluster, and put on the queue what is to be looked at.

        Raises ApiError, UnreachableError.
        """

    async def process(self, uid: str) -> float | None:
        """Look, decide, act. Returns in how many seconds to look again, if at all.

        Raises StaleError (look again at once), ApiError, UnreachableError, RefusedError (look again after a pause).
        """

    def subject(self, uid: str) -> Subject | None:
        """What the log is to say of the object; None: it is settled or gone."""


class Loop:
    """Sees to every object of one kind: `workers` at once, and all anew every `resync_seconds`, or when a watch is silent."""

    def __init__(
        self,
        kind: str,
        reconciler: Reconciler,
        queue: WorkQueue[str],
        metrics: Metrics,
        hearing: Hearing,
        *,
        workers: int,
        resync_seconds: float,
    ) -> None:
        self._kind = kind
        self._reconciler = reconciler
        self._queue = queue
        self._metrics = metrics
        self._hearing = hearing
        self._workers = workers
        self._resync_seconds = resync_seconds
        self.listed = asyncio.Event()
        """Set once everything was listed for the first time."""
        metrics.queue.labels(kind).set_function(lambda: len(queue))

    async def run(self) -> None:
        """Work until cancelled; what is at work then is finished. The first listing comes before the first decision."""
        await self._first_listing()
        self.listed.set()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._workers):
                tasks.create_task(self._work())
            tasks.create_task(self._resync())

    async def _first_listing(self) -> None:
        while True:
            try:
                await self._reconciler.list_everything()
                return
            except (ApiError, UnreachableError) as error:
                log.warning("the first listing of %ss failed, trying again: %s", self._kind, error)
                await asyncio.sleep(_SECONDS_TO_FIRST_LISTING)

    async def _resync(self) -> None:
        while True:
            await self._pause()
            try:
                await self._reconciler.list_everything()
            except (ApiError, UnreachableError) as error:
                log.warning("the periodic listing of %ss failed: %s", self._kind, error)

    async def _pause(self) -> None:
        end = time.monotonic() + self._resync_seconds
        while (left := end - time.monotonic()) > 0:
            await asyncio.sleep(min(left, 2 * PATIENCE))
            if silent := self._hearing.silent():
                log.warning("the watch of %s is silent: listing %ss anew", ", ".join(silent), self._kind)
                return

    async def _work(self) -> None:
        while True:
            at_work = asyncio.create_task(self._see_to(await self._queue.get()))
            try:
                await asyncio.shield(at_work)
            except asyncio.CancelledError:
                await asyncio.wait({at_work}, timeout=FINISHING_SECONDS)
                at_work.cancel()
                raise

    async def _see_to(self, uid: str) -> None:
        subject = self._reconciler.subject(uid)
        with about(subject):
            await self._try(uid, subject.title if subject else uid)

    async def _try(self, uid: str, title: str) -> None:
        try:
            with self._metrics.reconcile.time():
                again = await self._reconciler.process(uid)
        except StaleError:
            self._queue.done(uid)
            self._queue.add(uid)
        except (ApiError, UnreachableError, RefusedError) as error:
            self._metrics.errors.inc()
            log.warning("%s: %s; again in %.1f s", title, error, self._queue.failed(uid))
        except Exception:  # one object's trouble must not stop the others'
            self._metrics.errors.inc()
            log.exception("%s: unexpected error; again in %.1f s", title, self._queue.failed(uid))
        else:
            self._queue.done(uid)
            if again is not None:
                self._queue.add(uid, again)
