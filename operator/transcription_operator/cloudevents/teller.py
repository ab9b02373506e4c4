"""Tells the sink what becomes of TranscriptionJobs, beside everything else that the operator does, which never waits for it.

The watches show it every job; what status says of transitions and is not told goes into the outbox, and from there to the sink.
One operator tells, the one that has the Lease. Whoever takes it over lists all jobs and goes on where the Lease says.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from transcription_operator.cloudevents.delivery import Delivery
from transcription_operator.cloudevents.lease import Lease, own_identity
from transcription_operator.cloudevents.outbox import Outbox
from transcription_operator.cloudevents.sink import Sink
from transcription_operator.cluster import TRANSCRIPTION_JOBS, ApiError, Cluster, UnreachableError
from transcription_operator.hearing import Hearing
from transcription_operator.listing import list_all
from transcription_operator.metrics import Metrics
from transcription_operator.observed import Raw
from transcription_operator.settings import EventSink

log = logging.getLogger(__name__)

_DRAIN_SECONDS = 3.0
_LEAVING_SECONDS = 2.0
_PAUSE_AFTER_ERROR = 10.0
_LOOK_SECONDS = 1.0


class _LostError(Exception):
    """Another operator has the Lease."""


class Teller:
    """See the module."""

    def __init__(
        self,
        cluster: Cluster,
        sink: Sink,
        settings: EventSink,
        namespaces: list[str],
        metrics: Metrics,
        hearing: Hearing,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cluster = cluster
        self._settings = settings
        self._namespaces = namespaces
        self._metrics = metrics
        self._hearing = hearing
        self._clock = clock
        self._lease = Lease(cluster, settings.lease, clock, own_identity())
        self._delivery = Delivery(sink, metrics, clock)
        self._address = sink.address
        self._outbox: Outbox | None = None
        self._told: int | None = None
        metrics.events_pending.set_function(self._pending)

    def see(self, raw: Raw, *, deleted: bool = False) -> None:
        """A TranscriptionJob was seen, or was seen to be gone."""
        if self._outbox is not None and not self._delivery.gone.is_set():
            self._outbox.see(raw, deleted=deleted)

    async def run(self) -> None:
        """Work until cancelled. Whatever goes wrong here is logged, and tried again: jobs go on."""
        while True:
            try:
                await self._tell(await self._taken())
            except* _LostError:
                log.info("another operator tells the sink now")
            except* (ApiError, UnreachableError) as errors:
                log.warning("telling the sink is interrupted: %s", "; ".join(str(error) for error in errors.exceptions))
                await asyncio.sleep(_PAUSE_AFTER_ERROR)
            except* Exception:
                log.exception("telling the sink is interrupted by an unexpected error")
                await asyncio.sleep(_PAUSE_AFTER_ERROR)

    async def drained(self) -> None:
        """Tell what is left, a few seconds long: what is left then the next operator tells.

        All jobs are looked at once more. No watch brings the last that was written, and the next operator need not tell again
        what this one only thinks that it has seen.
        """
        if self._outbox is None or self._delivery.gone.is_set():
            return
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                await self._list(self._outbox)
                await self._outbox.empty.wait()
        except (ApiError, UnreachableError, TimeoutError) as error:
            log.warning("%d events are left to the next operator: %s", self._pending(), error or "the sink is slow")

    async def leave(self) -> None:
        """Let another operator go on at once; `run` has ended."""
        try:
            async with asyncio.timeout(_LEAVING_SECONDS):
                await self._lease.release(self._told)
        except (ApiError, UnreachableError, TimeoutError) as error:
            log.warning("the Lease for telling the sink could not be given back: %s", error or "no answer in time")

    def _pending(self) -> int:
        return len(self._outbox) if self._outbox and not self._delivery.gone.is_set() else 0

    async def _taken(self) -> int:
        """Wait for the Lease. Returns the version up to which all is told."""
        while True:
            mine, told = await self._lease.take()
            if mine:
                break
            await asyncio.sleep(self._lease.pause)
        if told is None:  # the Lease is new; if nobody has told anything before, what was before now is nobody's concern
            told = await self._present_version() if self._told is None else self._told
            if not await self._lease.renew(told):
                raise _LostError
        self._told = told
        log.info("telling %s of transitions", self._address)
        return told

    async def _tell(self, baseline: int) -> None:
        outbox = self._outbox = Outbox(baseline, self._settings.source, self._lost, self._clock)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._renewing(outbox))
                tasks.create_task(self._listing(outbox))
                tasks.create_task(self._delivery.run(outbox))
        finally:
            self._told, self._outbox = outbox.told_until(), None

    async def _renewing(self, outbox: Outbox) -> None:
        while True:
            await asyncio.sleep(self._lease.pause)
            self._told = outbox.told_until(hears_all=not self._hearing.silent())
            try:
                if not await self._lease.renew(self._told):
                    raise _LostError
            except (ApiError, UnreachableError) as error:
                log.warning("the Lease for telling the sink could not be renewed: %s", error)

    async def _listing(self, outbox: Outbox) -> None:
        """Look at all jobs first, and again when something did not fit and there is room for it."""
        await self._list(outbox)
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if outbox.has_room_for_more:
                await self._list(outbox)

    async def _list(self, outbox: Outbox) -> None:
        outbox.listing()
        _, version = await list_all(self._cluster, TRANSCRIPTION_JOBS, self._namespaces, None, outbox.see)
        outbox.listed(int(version))

    async def _present_version(self) -> int:
        namespace = self._namespaces[0] if self._namespaces else None
        pages = self._cluster.pages(TRANSCRIPTION_JOBS, namespace)
        version, _ = await anext(pages)
        return int(version)

    def _lost(self, title: str, number: int) -> None:
        log.warning("%s: %d transitions are not told: later ones have taken their place in status", title, number)
        self._metrics.events_given_up.labels("Superseded").inc(number)
