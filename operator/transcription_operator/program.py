"""The operator's parts and how they hang together: one connection, a loop for each kind, kopf's watches, the kubelet's probes."""

import asyncio
import logging
import signal
import time
from contextlib import AsyncExitStack
from typing import Any, cast

import kopf
from prometheus_client import REGISTRY, start_http_server

from transcription_api.names import KIND, OPERATOR_FIELD_MANAGER, SCHEDULE_KIND
from transcription_operator.cloudevents.sink import HttpSink
from transcription_operator.cloudevents.teller import Teller
from transcription_operator.cluster import (
    CLUSTER_PROFILES,
    JOBS,
    PROFILES,
    TRANSCRIPTION_JOBS,
    TRANSCRIPTION_SCHEDULES,
    ApiError,
    Cluster,
    UnreachableError,
)
from transcription_operator.controller import Controller
from transcription_operator.health import Health, serving
from transcription_operator.hearing import Hearing
from transcription_operator.loop import Loop, Reconciler
from transcription_operator.metrics import Metrics
from transcription_operator.schedule.controller import ScheduleController
from transcription_operator.settings import OperatorSettings
from transcription_operator.wiring import kopf_settings, wire
from transcription_operator.work_queue import WorkQueue

_POLL_SECONDS = 2.0
_WATCHED = (TRANSCRIPTION_JOBS, TRANSCRIPTION_SCHEDULES, PROFILES, CLUSTER_PROFILES, JOBS)

log = logging.getLogger(__name__)


async def run(settings: OperatorSettings) -> None:
    """Work until a signal comes; if either kopf or a loop fails, so does the whole. Raises NoClusterError, CancelledError."""
    event_loop = asyncio.get_running_loop()
    event_loop.set_exception_handler(told_unless_over)
    event_loop.add_signal_handler(signal.SIGTERM, _this_task().cancel)  # until kopf takes signals over
    start_http_server(settings.metrics_port)
    metrics = Metrics(REGISTRY, settings.version)
    hearing = Hearing(time.monotonic, settings.watch_namespaces)
    health = Health(hearing)
    async with AsyncExitStack() as parts:
        await parts.enter_async_context(serving(health, settings.health_port))
        cluster = await parts.enter_async_context(await Cluster.connect(metrics.refusals.inc))
        await _served(cluster, health)
        controller = Controller(cluster, settings, metrics, cluster.now, hearing)
        schedules = ScheduleController(cluster, settings, metrics, cluster.now, hearing)
        teller: Teller | None = None
        if settings.events:
            sink = await parts.enter_async_context(HttpSink(settings.events, settings.version))
            teller = Teller(cluster, sink, settings.events, settings.watch_namespaces, metrics, hearing)

        def loop_of(kind: str, reconciler: Reconciler, queue: WorkQueue[str]) -> Loop:
            workers, resync_seconds = settings.workers, settings.resync_seconds
            return Loop(kind, reconciler, queue, metrics, hearing, workers=workers, resync_seconds=resync_seconds)

        loops = [loop_of(KIND, controller, controller.queue), loop_of(SCHEDULE_KIND, schedules, schedules.queue)]
        async with asyncio.TaskGroup() as tasks:
            working = {tasks.create_task(loop.run(), name="loop") for loop in loops}
            telling = tasks.create_task(teller.run(), name="telling") if teller else None

            async def stop() -> None:
                for work in working:
                    work.cancel()
                await asyncio.wait(working)
                if teller and telling:
                    await teller.drained()
                    telling.cancel()
                    await asyncio.wait({telling})
                    await teller.leave()

            health.waits_for = "the first listing"
            for loop in loops:
                await loop.listed.wait()
            health.waits_for = None
            # Only now: of kopf's own listing, with which it begins, next to nothing is news then, and nothing is missed.
            tasks.create_task(_watch(wire(controller, schedules, teller, hearing, stop), settings), name="watches")
            log.info("started; serving %s", ", ".join(settings.watch_namespaces) or "all namespaces")


def told_unless_over(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What the loop reports is logged, but for a watch of kopf that cannot be closed.

    asyncio closes such generators when all work is done, and on a busy machine kopf's connection is now and then in the middle of
    something: a traceback at the end of a program that ended as it should.
    """
    if "asyncgen" not in context:
        loop.default_exception_handler(context)


async def _watch(registry: kopf.OperatorRegistry, settings: OperatorSettings) -> None:
    await kopf.operator(
        registry=registry,
        settings=kopf_settings(settings),
        # kopf would look up the user's name, which an arbitrary user of a container lacks; no peer reads it.
        identity=cast(Any, OPERATOR_FIELD_MANAGER),
        clusterwide=not settings.watch_namespaces,
        namespaces=settings.watch_namespaces,
    )


async def _served(cluster: Cluster, health: Health) -> None:
    """kopf looks once, at its start, which kinds the API server serves: start it when it serves ours."""
    said = False
    while True:
        try:
            missing = [kind.plural for kind in _WATCHED if not await cluster.serves(kind)]
            if not missing:
                return
            reason = f"{', '.join(missing)}, which the API server does not know: install the CRDs of this version"
        except (ApiError, UnreachableError) as error:
            reason = f"the API server: {error}"
        health.waits_for = reason
        if not said:
            log.warning("waiting for %s", reason)
            said = True
        await asyncio.sleep(_POLL_SECONDS)


def _this_task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    assert task is not None
    return task
