"""Events from the outbox to the sink: several at once as long as it takes them, one after the other while it does not.

A job's events go in their order. One that cannot be told now comes up again; given up is only what the sink refuses again and
again while it takes others, and what is left when it wants no more.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from transcription_operator.cloudevents.answer import Answer
from transcription_operator.cloudevents.outbox import Outbox
from transcription_operator.cloudevents.pauses import Pauses
from transcription_operator.cloudevents.sink import Sink
from transcription_operator.metrics import Metrics

log = logging.getLogger(__name__)

AT_ONCE = 8
MOST_REFUSALS = 10


class Delivery:
    """Of one sink. What it knows of the sink it keeps from one outbox to the next."""

    def __init__(
        self, sink: Sink, metrics: Metrics, clock: Callable[[], float] = time.monotonic, pauses: Pauses | None = None
    ) -> None:
        self._sink = sink
        self._metrics = metrics
        self._clock = clock
        self._pauses = pauses or Pauses(clock)
        self._taken = 0
        self.gone = asyncio.Event()
        """Set once the sink has said that it wants no more (410), which holds until the operator is started again."""

    async def run(self, outbox: Outbox) -> None:
        """Tell what is in `outbox`, and what comes into it, until cancelled or gone."""
        places = asyncio.Semaphore(AT_ONCE)

        async def tell(uid: str) -> None:
            try:
                await self._tell(outbox, uid)
            finally:
                places.release()

        async with asyncio.TaskGroup() as under_way:
            while not self.gone.is_set():
                uid = await outbox.queue.get()
                await self._pauses.over()
                await places.acquire()
                if self._pauses.failing:
                    await tell(uid)
                else:
                    under_way.create_task(tell(uid))

    async def _tell(self, outbox: Outbox, uid: str) -> None:
        if self.gone.is_set():
            return
        pending, began = outbox.head(uid), self._clock()
        answer = await self._sink.send(pending.event)
        if answer.cause is None:
            self._took(outbox, uid)
            return
        self._metrics.events_failed.labels(answer.cause).inc()
        if answer.cause == "Gone":
            self._give_all_up(outbox)
        elif answer.cause == "EventRefused" and pending.others_taken != self._taken:
            self._refused(outbox, uid, answer)
        else:
            self._failed(outbox, uid, answer, began)

    def _took(self, outbox: Outbox, uid: str) -> None:
        if self._pauses.failing:
            log.info("the sink %s takes events again", self._sink.address)
        self._pauses.succeeded()
        self._taken += 1
        self._metrics.events_delivered.inc()
        outbox.done(uid)

    def _failed(self, outbox: Outbox, uid: str, answer: Answer, began: float) -> None:
        known = self._pauses.failing
        pause = self._pauses.failed(began, answer.retry_after)
        outbox.queue.failed(uid)
        if not known:
            log.warning(
                "the sink %s does not take events (%s: %s): %d wait, the next attempt is in %.0f s; jobs go on",
                *(self._sink.address, answer.cause, answer.said, len(outbox), pause),
            )

    def _refused(self, outbox: Outbox, uid: str, answer: Answer) -> None:
        """The sink has taken others meanwhile: the event itself is the trouble, and keeps no other waiting but its job's."""
        pending = outbox.head(uid)
        pending.refusals, pending.others_taken = pending.refusals + 1, self._taken
        if pending.refusals < MOST_REFUSALS:
            outbox.queue.failed(uid)
            return
        log.warning("%s: given up, the sink %s refuses it: %s", pending.event.title, self._sink.address, answer.said)
        self._metrics.events_given_up.labels("EventRefused").inc()
        outbox.done(uid)

    def _give_all_up(self, outbox: Outbox) -> None:
        if self.gone.is_set():
            return  # said to several that were under way
        log.error(
            "the sink %s wants no more events (410 Gone): %d are given up, and none is told until the operator is started again",
            *(self._sink.address, len(outbox)),
        )
        self._metrics.events_given_up.labels("Gone").inc(len(outbox))
        self.gone.set()
