"""Carrying out a plan: children first, then the one status write, then the Events. Every step may be repeated without harm."""

import logging
from datetime import datetime
from typing import Any

from transcription_operator.caches import Caches
from transcription_operator.children.access import role_binding, service_account
from transcription_operator.cluster import (
    EVENTS,
    JOBS,
    ROLE_BINDINGS,
    SERVICE_ACCOUNTS,
    TRANSCRIPTION_JOBS,
    ApiError,
    Cluster,
    UnreachableError,
)
from transcription_operator.event import event_object
from transcription_operator.observed import Refusal, Resource, read_job, read_resource
from transcription_operator.plan import ChildAction, DeleteJob, EventRecord, PatchJob, StartRun
from transcription_operator.settings import OperatorSettings

log = logging.getLogger(__name__)

_MAY_PASS = (403,)
_FINAL = (400, 422)


class RefusedError(Exception):
    """The API server would not take a run's objects."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class StaleError(Exception):
    """The TranscriptionJob has changed since it was observed; a newer version is in the cache now."""


class Applier:
    """Writes to the cluster, and keeps the caches abreast of what it wrote."""

    def __init__(self, cluster: Cluster, caches: Caches, settings: OperatorSettings) -> None:
        self._cluster = cluster
        self._caches = caches
        self._settings = settings
        self._accessible: set[str] = set()

    def recheck_access(self) -> None:
        """Make sure of the runner's access anew, the next time that a run starts in each namespace."""
        self._accessible.clear()

    async def children(self, resource: Resource, actions: tuple[ChildAction, ...]) -> list[EventRecord]:
        """Carry out `actions`; returns what is to be announced. Raises RefusedError, ApiError, UnreachableError."""
        events = []
        for action in actions:
            match action:
                case StartRun():
                    if await self._start(resource, action):
                        events.append(action.announcement)
                case PatchJob(name, spec):
                    await self._patch(resource, name, dict(spec))
                case DeleteJob(name, uid):
                    await self._delete_job(resource, name, uid)
        return events

    async def status(self, resource: Resource, patch: dict[str, Any]) -> None:
        """Write the status of the very version that was observed. Raises StaleError, ApiError, UnreachableError."""
        precondition = {"resourceVersion": resource.resource_version, "uid": resource.uid}
        body = {"metadata": precondition, "status": patch}
        try:
            written = await self._cluster.merge(TRANSCRIPTION_JOBS, resource.namespace, resource.name, body, "status")
        except ApiError as error:
            if error.status == 404:
                self._caches.forget(resource.uid)
                raise StaleError from error
            if error.status != 409:
                raise
            await self._refresh(resource)
            raise StaleError from error
        self._caches.put_resource(read_resource(written))

    async def announce(self, resource: Resource, events: list[EventRecord], now: datetime) -> None:
        """Post Events. They are a courtesy: one that cannot be posted is logged and lost."""
        for record in events:
            try:
                await self._cluster.create(EVENTS, resource.namespace, event_object(resource, record, now))
            except (ApiError, UnreachableError) as error:
                log.warning("%s/%s: event %s not posted: %s", resource.namespace, resource.name, record.reason, error)

    async def _start(self, resource: Resource, action: StartRun) -> bool:
        """Make the run's Job, and what its pods need; True if this call made the Job."""
        try:
            await self._ensure_access(resource.namespace)
        except ApiError as error:
            if error.status in _MAY_PASS + _FINAL:
                raise RefusedError(Refusal(error.message, final=False)) from error
            raise
        try:
            job = await self._cluster.create(JOBS, resource.namespace, action.job)
        except ApiError as error:
            if error.status == 409:
                name = action.job["metadata"]["name"]
                self._caches.jobs.put(read_job(await self._cluster.get(JOBS, resource.namespace, name)))
                return False
            if error.status in _MAY_PASS + _FINAL:
                raise RefusedError(Refusal(error.message, final=error.status in _FINAL)) from error
            raise
        self._caches.jobs.put(read_job(job))
        return True

    async def _ensure_access(self, namespace: str) -> None:
        if not self._settings.ensure_runner_access or namespace in self._accessible:
            return
        await self._cluster.apply(SERVICE_ACCOUNTS, service_account(namespace))
        await self._cluster.apply(ROLE_BINDINGS, role_binding(namespace, self._settings.runner_role))
        self._accessible.add(namespace)

    async def _patch(self, resource: Resource, name: str, spec: dict[str, Any]) -> None:
        try:
            job = await self._cluster.merge(JOBS, resource.namespace, name, {"spec": spec})
        except ApiError as error:
            if error.status != 404:
                raise
            self._drop_job(resource, name)
            return
        self._caches.jobs.put(read_job(job))

    async def _delete_job(self, resource: Resource, name: str, uid: str) -> None:
        await self._cluster.delete(JOBS, resource.namespace, name, uid)
        self._drop_job(resource, name)

    def _drop_job(self, resource: Resource, name: str) -> None:
        for child in self._caches.jobs.of(resource.uid):
            if child.name == name:
                self._caches.jobs.drop(resource.uid, child.uid)

    async def _refresh(self, resource: Resource) -> None:
        try:
            fresh = read_resource(await self._cluster.get(TRANSCRIPTION_JOBS, resource.namespace, resource.name))
        except ApiError as error:
            if error.status != 404:
                raise
            self._caches.forget(resource.uid)
            return
        if fresh.uid == resource.uid:
            self._caches.put_resource(fresh)
        else:
            self._caches.forget(resource.uid)
