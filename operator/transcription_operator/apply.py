"""Carrying out a plan: children first, then the one status write, then the Events. Every step may be repeated without harm.

Names can be computed by anybody, so an object under one of ours may be a stranger's. Nothing is changed or deleted but by the
uid of an object that is known to be the TranscriptionJob's own, and nothing is taken over.
"""

import logging
from datetime import datetime
from typing import Any

from transcription_api.names import GROUP, KIND, RUNNER_SERVICE_ACCOUNT
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
    Document,
    Kind,
    UnreachableError,
)
from transcription_operator.event import event_object
from transcription_operator.observed import Refusal, Resource, controller_uid, read_job, read_resource
from transcription_operator.plan import ChildAction, DeleteJob, EventRecord, PatchJob, StartRun
from transcription_operator.settings import OperatorSettings

log = logging.getLogger(__name__)

_MAY_PASS = (403, 500)
"""A quota, or a policy that changes; an admission webhook that does not answer."""
_FINAL = (400, 422)


class RefusedError(Exception):
    """The API server would not take a run's objects, or a change of them."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class StaleError(Exception):
    """The TranscriptionJob, or its Job, is not what was observed; the newer version is in the cache now."""


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

    async def restore_access(self, namespace: str) -> None:
        """Make the runner's access anew if somebody has deleted it: a Job whose pods lack their account makes none.

        What hinders it is told when a run starts. Raises UnreachableError.
        """
        self._accessible.discard(namespace)
        try:
            await self._ensure_access(namespace)
        except (ApiError, RefusedError) as error:
            log.warning("%s: the runner's account and its binding cannot be seen to: %s", namespace, error)

    async def children(self, resource: Resource, actions: tuple[ChildAction, ...]) -> list[EventRecord]:
        """Carry out `actions`; returns what is to be announced. Raises RefusedError, StaleError, ApiError, UnreachableError."""
        events: list[EventRecord] = []
        for action in actions:
            match action:
                case StartRun():
                    await self._start(resource, action)
                    if action.announcement:
                        events.append(action.announcement)
                case PatchJob() | DeleteJob():
                    await self._change(resource, action)
        return events

    async def status(self, resource: Resource, patch: dict[str, Any]) -> Document:
        """Write the status of the very version that was observed. Returns what is stored.

        Raises StaleError, ApiError, UnreachableError.
        """
        precondition = {"resourceVersion": resource.resource_version, "uid": resource.uid}
        body = {"metadata": precondition, "status": patch}
        try:
            written = await self._cluster.merge(TRANSCRIPTION_JOBS, resource.namespace, resource.name, body, "status")
        except ApiError as error:
            if error.status == 404:
                self._caches.forget(resource.uid)
                raise StaleError from error
            # An admission webhook may say 409, too: where nothing is newer, the next try would fare the same, at once.
            if error.status != 409 or not await self._is_stale(resource):
                raise
            raise StaleError from error
        self._caches.put_resource(read_resource(written))
        return written.get("status") or {}

    async def announce(self, resource: Resource, events: list[EventRecord], now: datetime) -> None:
        """Post Events. They are a courtesy: one that cannot be posted is logged and lost."""
        for record in events:
            try:
                await self._cluster.create(EVENTS, resource.namespace, event_object(resource, record, now))
            except (ApiError, UnreachableError) as error:
                log.warning("%s/%s: event %s not posted: %s", resource.namespace, resource.name, record.reason, error)

    async def _start(self, resource: Resource, action: StartRun) -> None:
        """Make the run's Job, and what its pods need. Raises StaleError if that is there: it may have begun otherwise."""
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
                self._caches.put_job(read_job(await self._own(JOBS, resource, action.job)))
                raise StaleError from error
            if error.status in _MAY_PASS + _FINAL:
                raise RefusedError(Refusal(error.message, final=error.status in _FINAL)) from error
            raise
        self._caches.put_job(read_job(job))

    async def _own(self, kind: Kind, resource: Resource, wanted: Document) -> Document:
        """The object that has the wanted name already, if the TranscriptionJob controls it. Raises RefusedError if not."""
        found = await self._cluster.get(kind, resource.namespace, wanted["metadata"]["name"])
        if controller_uid(found, GROUP, KIND) != resource.uid:
            raise _taken(wanted, "exists and is not this TranscriptionJob's")
        return found

    async def _ensure_access(self, namespace: str) -> None:
        """The runner's account and its binding: made where they are missing, and left alone where they are not."""
        if not self._settings.ensure_runner_access or namespace in self._accessible:
            return
        account, binding = service_account(namespace), role_binding(namespace, self._settings.runner_role)
        await self._found_or_made(SERVICE_ACCOUNTS, account)
        found = await self._found_or_made(ROLE_BINDINGS, binding)
        if found["roleRef"] != binding["roleRef"] or binding["subjects"][0] not in (found.get("subjects") or []):
            role = self._settings.runner_role
            raise _taken(binding, f"exists and does not bind ClusterRole {role} to ServiceAccount {RUNNER_SERVICE_ACCOUNT}")
        self._accessible.add(namespace)

    async def _found_or_made(self, kind: Kind, wanted: Document) -> Document:
        metadata = wanted["metadata"]
        try:
            return await self._cluster.get(kind, metadata["namespace"], metadata["name"])
        except ApiError as error:
            if error.status != 404:
                raise
        # By apply, not by create: only the former's right can be confined to one name.
        return await self._cluster.apply(kind, wanted)

    async def _change(self, resource: Resource, action: PatchJob | DeleteJob) -> None:
        """Raises RefusedError when the API server does not allow it: a policy may change, and so may what is asked for."""
        try:
            match action:
                case PatchJob():
                    await self._patch(resource, action)
                case DeleteJob(name, uid):
                    await self._cluster.delete(JOBS, resource.namespace, name, uid)
                    self._caches.drop_job(uid)
        except ApiError as error:
            if error.status in _MAY_PASS + _FINAL:
                raise RefusedError(Refusal(error.message, final=False)) from error
            raise

    async def _patch(self, resource: Resource, action: PatchJob) -> None:
        body = {"metadata": {"uid": action.uid, "annotations": dict(action.annotations)}, "spec": dict(action.spec)}
        try:
            job = await self._cluster.merge(JOBS, resource.namespace, action.name, body)
        except ApiError as error:
            # Another uid is 422, as is a change that the API server does not allow.
            if error.status not in (404, 422) or not await self._gone(resource.namespace, action.name, action.uid):
                raise
            self._caches.drop_job(action.uid)
            return
        self._caches.put_job(read_job(job))

    async def _gone(self, namespace: str, name: str, uid: str) -> bool:
        """Whether the Job does not exist any more; another may have its name."""
        try:
            found = await self._cluster.get(JOBS, namespace, name)
        except ApiError as error:
            if error.status != 404:
                raise
            return True
        return bool(found["metadata"]["uid"] != uid)

    async def _is_stale(self, resource: Resource) -> bool:
        """Whether the TranscriptionJob is not what was observed; what it is by now is in the cache."""
        try:
            fresh = read_resource(await self._cluster.get(TRANSCRIPTION_JOBS, resource.namespace, resource.name))
        except ApiError as error:
            if error.status != 404:
                raise
            self._caches.forget(resource.uid)
            return True
        if fresh.uid == resource.uid:
            self._caches.put_resource(fresh)
        else:
            self._caches.forget(resource.uid)
        return fresh.resource_version != resource.resource_version


def _taken(wanted: Document, how: str) -> RefusedError:
    """Somebody else has the name, or may have: the object is left as it is."""
    name, namespace = wanted["metadata"]["name"], wanted["metadata"]["namespace"]
    message = f"{wanted['kind']} {name} in namespace {namespace} {how}: look whose it is, and delete it or give it another name"
    return RefusedError(Refusal(message, final=False, reason="NameTaken"))
