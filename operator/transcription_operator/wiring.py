"""kopf's part: it lists and watches, and hands every event to the controllers.

Only `on.event` handlers are used: kopf then adds no finalizer and no annotation, so that an object can always be deleted and
belongs to its user alone. kopf does not retry such handlers; the loop's queue does.
"""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import kopf

from transcription_api.names import (
    CLUSTER_PROFILE_PLURAL,
    GROUP,
    LABEL_JOB_UID,
    PLURAL,
    PROFILE_PLURAL,
    SCHEDULE_PLURAL,
    VERSION,
)
from transcription_operator.cloudevents.teller import Teller
from transcription_operator.cluster import CLUSTER_PROFILES, JOBS, PODS, PROFILES, TRANSCRIPTION_JOBS, TRANSCRIPTION_SCHEDULES
from transcription_operator.controller import Controller
from transcription_operator.hearing import Hearing
from transcription_operator.schedule.controller import ScheduleController
from transcription_operator.settings import OperatorSettings

_EXIT_TIMEOUT = 0.2
_IDLE_TIMEOUT = 0.1
_CHUNK = 500
_SERVER_TIMEOUT = 5 * 60
_CONNECT_TIMEOUT = 30
_A_DAY_OF_RETRIES = (1, 1, 2, 3, 5, 8, *[10] * 8640)


class _NoDiffs(kopf.DiffBaseStorage):
    """What kopf remembers of an object to compare it with later: nothing. It would copy every object of every event for that."""

    def build(self, **_: Any) -> kopf.BodyEssence:
        return kopf.BodyEssence()

    def fetch(self, **_: Any) -> None:
        return None

    def store(self, **_: Any) -> None:
        return None


def kopf_settings(ours: OperatorSettings) -> kopf.OperatorSettings:
    """How kopf behaves here."""
    settings = kopf.OperatorSettings()
    settings.peering.standalone = True
    settings.posting.enabled = False
    settings.persistence.diffbase_storage = _NoDiffs()
    # kopf takes its finalizer off whatever carries it. The usual one may be another operator's, or written by a user; where ours
    # may not take it off, kopf tries for a day, and lets that object's events lie. Nobody can write a name that nobody knows.
    settings.persistence.finalizer = f"{GROUP}/{secrets.token_hex(8)}"
    # Namespaces and CRDs are not watched: that would take permissions which nothing else needs.
    settings.scanning.disabled = True
    # The handlers below only take note of an event: nothing is worth waiting for at the end.
    settings.queueing.exit_timeout = _EXIT_TIMEOUT
    # Until then kopf keeps a task for each object, and the last event with it: of ten thousand that are listed, 300 MB.
    settings.queueing.idle_timeout = _IDLE_TIMEOUT
    settings.watching.chunk_size = _CHUNK
    settings.watching.server_timeout = _SERVER_TIMEOUT
    settings.watching.client_timeout = _SERVER_TIMEOUT + _CONNECT_TIMEOUT
    settings.watching.inactivity_timeout = ours.watch_silence_seconds
    settings.watching.connect_timeout = _CONNECT_TIMEOUT
    # An API server that is away is waited for: an operator that gave up would come back later than it does.
    settings.networking.error_backoffs = _A_DAY_OF_RETRIES
    # Of all Jobs and pods in the cluster, only our own are sent at all.
    settings.watching.label_selectors["batch", "v1", "jobs"] = LABEL_JOB_UID
    settings.watching.label_selectors["", "v1", "pods"] = LABEL_JOB_UID
    return settings


def wire(
    controller: Controller,
    schedules: ScheduleController,
    teller: Teller | None,
    hearing: Hearing,
    stop: Callable[[], Awaitable[None]],
) -> kopf.OperatorRegistry:
    """The handlers that kopf calls. `stop` ends the work in good order, when a signal has come: kopf waits for it."""
    registry = kopf.OperatorRegistry()
    kopf.on.login(registry=registry)(_login)

    @kopf.on.cleanup(registry=registry)
    async def on_exit(**_: Any) -> None:
        await stop()

    @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)
    async def on_resource(event: kopf.RawEvent, **_: Any) -> None:
        hearing.told(TRANSCRIPTION_JOBS, event["object"])
        controller.see_resource(event["object"], deleted=event["type"] == "DELETED")
        schedules.see_job(event["object"], deleted=event["type"] == "DELETED")
        if teller:
            teller.see(event["object"], deleted=event["type"] == "DELETED")

    @kopf.on.event(GROUP, VERSION, SCHEDULE_PLURAL, registry=registry)
    async def on_schedule(event: kopf.RawEvent, **_: Any) -> None:
        hearing.told(TRANSCRIPTION_SCHEDULES, event["object"])
        schedules.see_schedule(event["object"], deleted=event["type"] == "DELETED")

    @kopf.on.event(GROUP, VERSION, PROFILE_PLURAL, registry=registry)
    @kopf.on.event(GROUP, VERSION, CLUSTER_PROFILE_PLURAL, registry=registry)
    async def on_profile(event: kopf.RawEvent, **_: Any) -> None:
        hearing.told(PROFILES if event["object"]["metadata"].get("namespace") else CLUSTER_PROFILES, event["object"])
        controller.see_profile(event["object"], deleted=event["type"] == "DELETED")

    @kopf.on.event("batch", "v1", "jobs", labels={LABEL_JOB_UID: kopf.PRESENT}, registry=registry)
    async def on_job(event: kopf.RawEvent, **_: Any) -> None:
        hearing.told(JOBS, event["object"])
        controller.see_job(event["object"], deleted=event["type"] == "DELETED")

    @kopf.on.event("", "v1", "pods", labels={LABEL_JOB_UID: kopf.PRESENT}, registry=registry)
    async def on_pod(event: kopf.RawEvent, **_: Any) -> None:
        hearing.told(PODS, event["object"])
        controller.see_pod(event["object"], deleted=event["type"] == "DELETED")

    return registry


async def _login(**kwargs: Any) -> kopf.ConnectionInfo | None:
    return kopf.login_via_client(**kwargs)
