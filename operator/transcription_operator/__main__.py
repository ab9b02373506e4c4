"""Starts the operator: `transcription-operator --config FILE`, or `python -m transcription_operator`."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import kopf
from prometheus_client import REGISTRY, start_http_server

from transcription_api.names import KIND, OPERATOR_FIELD_MANAGER
from transcription_operator.cluster import (
    CLUSTER_PROFILES,
    JOBS,
    PROFILES,
    TRANSCRIPTION_JOBS,
    ApiError,
    Cluster,
    NoClusterError,
    UnreachableError,
)
from transcription_operator.controller import Controller
from transcription_operator.loop import Loop
from transcription_operator.metrics import Metrics
from transcription_operator.settings import OperatorSettings, SettingsError, load_settings
from transcription_operator.wiring import kopf_settings, wire

CONFIG_VARIABLE = "TRANSCRIPTION_OPERATOR_CONFIG"
DEFAULT_CONFIG = "/etc/transcription-operator/config.yaml"
_POLL_SECONDS = 2.0
_WATCHED = (TRANSCRIPTION_JOBS, PROFILES, CLUSTER_PROFILES, JOBS)

log = logging.getLogger("transcription_operator")


def main() -> None:
    """The command. Exits with 0 after SIGTERM, 1 after a failure, 2 with a wrong configuration."""
    parser = argparse.ArgumentParser(description="Runs TranscriptionJobs as Kubernetes Jobs.")
    default = os.environ.get(CONFIG_VARIABLE, DEFAULT_CONFIG)
    parser.add_argument("--config", type=Path, default=Path(default), help=f"settings file (default: {default})")
    arguments = parser.parse_args()
    try:
        settings = load_settings(arguments.config)
    except SettingsError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    logging.getLogger("kopf").setLevel(max(logging.WARNING, logging.getLogger().level))
    try:
        asyncio.run(run(settings))
    except NoClusterError as error:
        print(error, file=sys.stderr)
        sys.exit(1)


async def run(settings: OperatorSettings) -> None:
    """Work until a signal comes; if either kopf or the loop fails, so does the whole."""
    start_http_server(settings.metrics_port)
    metrics = Metrics(REGISTRY, settings.version)
    async with await Cluster.connect(metrics.refusals.inc) as cluster:
        await _wait_for_resources(cluster)
        controller = Controller(cluster, settings, metrics)
        loop = Loop(KIND, controller, controller.queue, metrics, settings.workers, settings.resync_seconds)
        async with asyncio.TaskGroup() as tasks:
            work = tasks.create_task(loop.run(), name="loop")

            async def stop() -> None:
                work.cancel()
                await asyncio.wait({work})

            tasks.create_task(_watch(controller, loop, settings, stop), name="watches")
            log.info("started; serving %s", ", ".join(settings.watch_namespaces) or "all namespaces")


async def _watch(controller: Controller, loop: Loop, settings: OperatorSettings, stop: Callable[[], Awaitable[None]]) -> None:
    # kopf begins with a listing of its own, so nothing is missed; of what it shows then, next to nothing is news any more.
    await loop.listed.wait()
    await kopf.operator(
        registry=wire(controller, stop),
        settings=kopf_settings(),
        # kopf would look up the user's name, which an arbitrary user of a container lacks; no peer reads it.
        identity=cast(Any, OPERATOR_FIELD_MANAGER),
        clusterwide=not settings.watch_namespaces,
        namespaces=settings.watch_namespaces,
        liveness_endpoint=f"http://0.0.0.0:{settings.health_port}/healthz",
    )


async def _wait_for_resources(cluster: Cluster) -> None:
    """kopf looks once, at its start, which kinds the API server serves: start it when it serves ours."""
    said = False
    while True:
        try:
            missing = [kind.plural for kind in _WATCHED if not await cluster.serves(kind)]
            if not missing:
                return
            reason = f"the API server does not know {', '.join(missing)}: install the CRDs of this version"
        except (ApiError, UnreachableError) as error:
            reason = str(error)
        if not said:
            log.warning("waiting: %s", reason)
            said = True
        await asyncio.sleep(_POLL_SECONDS)


if __name__ == "__main__":
    main()
