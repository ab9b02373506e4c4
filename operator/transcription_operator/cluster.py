"""The Kubernetes API as this operator uses it: a few verbs on a few kinds, plain documents in and out.

The official client does connection, TLS and credentials; its generated model classes are left aside, since they would drop
fields they do not know and hold far more memory than a decision needs.
"""

import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from urllib.parse import quote, urlencode
from urllib.request import getproxies

import aiohttp
from kubernetes.aio import client, config

from transcription_api.names import (
    CLUSTER_PROFILE_PLURAL,
    GROUP,
    OPERATOR_FIELD_MANAGER,
    PLURAL,
    PROFILE_PLURAL,
    SCHEDULE_PLURAL,
    VERSION,
)
from transcription_operator.clock import ServerClock
from transcription_operator.throttle import MOST_REFUSALS, Throttle

Document = dict[str, Any]

TIMEOUT_SECONDS = 30
_PAGE = 500
_TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, slots=True)
class Kind:
    """Where objects of a kind live."""

    prefix: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str | None, name: str | None = None, subresource: str | None = None) -> str:
        """The URL path of a collection or an object."""
        parts = [self.prefix]
        if namespace:
            parts += ["namespaces", quote(namespace, safe="")]
        parts += [part for part in (self.plural, quote(name, safe="") if name else None, subresource) if part]
        return "/".join(parts)


TRANSCRIPTION_JOBS = Kind(f"/apis/{GROUP}/{VERSION}", PLURAL)
PROFILES = Kind(f"/apis/{GROUP}/{VERSION}", PROFILE_PLURAL)
CLUSTER_PROFILES = Kind(f"/apis/{GROUP}/{VERSION}", CLUSTER_PROFILE_PLURAL, namespaced=False)
TRANSCRIPTION_SCHEDULES = Kind(f"/apis/{GROUP}/{VERSION}", SCHEDULE_PLURAL)
JOBS = Kind("/apis/batch/v1", "jobs")
PODS = Kind("/api/v1", "pods")
SERVICE_ACCOUNTS = Kind("/api/v1", "serviceaccounts")
ROLE_BINDINGS = Kind("/apis/rbac.authorization.k8s.io/v1", "rolebindings")
EVENTS = Kind("/apis/events.k8s.io/v1", "events")
LEASES = Kind("/apis/coordination.k8s.io/v1", "leases")


class ApiError(Exception):
    """The API server's refusal."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class NoClusterError(Exception):
    """Neither a service account nor a kubeconfig says which cluster to use."""


class UnreachableError(Exception):
    """The API server could not be reached or did not answer in time, or somebody else answered."""


class Cluster:
    """A connection to one cluster. Use it as an async context manager.

    `on_refusal` is called whenever the API server has too much to do (429); the request waits and is made again.
    """

    def __init__(self, api: client.ApiClient, on_refusal: Callable[[], object] = lambda: None) -> None:
        self._api = api
        self._on_refusal = on_refusal
        self._throttle = Throttle(time.monotonic)
        self._clock = ServerClock(time.monotonic)

    @classmethod
    async def connect(cls, on_refusal: Callable[[], object] = lambda: None) -> Self:
        """By the pod's service account where there is one, else by KUBECONFIG or ~/.kube/config. Raises NoClusterError."""
        configuration = client.Configuration()
        try:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        except config.ConfigException:
            try:
                await config.load_kube_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
            except config.ConfigException as error:
                message = "no cluster to connect to: this is no pod with a service account, and KUBECONFIG names no usable file"
                raise NoClusterError(f"{message} ({error})") from error
        # Told to heed the environment, aiohttp looks for ~/.netrc at every request, in a thread: only where there is a proxy.
        configuration.client_session_kwargs = {"trust_env": bool(getproxies())}
        return cls(client.ApiClient(configuration), on_refusal)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._api.close()  # type: ignore[no-untyped-call]

    def now(self) -> datetime:
        """What time it is, by the API server."""
        return self._clock.now()

    async def get(self, kind: Kind, namespace: str, name: str) -> Document:
        """One object."""
        return await self._request("GET", kind.path(namespace, name))

    async def pages(
        self, kind: Kind, namespace: str | None, selector: str | None = None, fields: str | None = None, limit: int = _PAGE
    ) -> AsyncIterator[tuple[str, list[Document]]]:
        """Every object of a kind in a namespace (None: in all): pages of objects, each with the list's resource version."""
        query = {"limit": str(limit)}
        if selector:
            query["labelSelector"] = selector
        if fields:
            query["fieldSelector"] = fields
        while True:
            page = await self._request("GET", kind.path(namespace), query=query)
            yield page["metadata"]["resourceVersion"], page["items"]
            proceed = page["metadata"].get("continue")
            if not proceed:
                return
            query["continue"] = proceed

    async def create(self, kind: Kind, namespace: str, body: Document) -> Document:
        """Create an object. Raises ApiError 409 when it exists."""
        query = {"fieldManager": OPERATOR_FIELD_MANAGER}
        return await self._request("POST", kind.path(namespace), query=query, body=body)

    async def apply(self, kind: Kind, body: Document) -> Document:
        """Server-side apply: create the object. Raises ApiError 409 where somebody else has given a field another value."""
        metadata = body["metadata"]
        query = {"fieldManager": OPERATOR_FIELD_MANAGER}
        path = kind.path(metadata["namespace"], metadata["name"])
        return await self._request("PATCH", path, query=query, body=body, content_type="application/apply-patch+yaml")

    async def merge(self, kind: Kind, namespace: str, name: str, body: Document, subresource: str | None = None) -> Document:
        """JSON merge patch."""
        query = {"fieldManager": OPERATOR_FIELD_MANAGER}
        path = kind.path(namespace, name, subresource)
        return await self._request("PATCH", path, query=query, body=body, content_type="application/merge-patch+json")

    async def delete(self, kind: Kind, namespace: str, name: str, uid: str | None = None) -> None:
        """Delete an object, and what it owns in the background; with `uid`, only that very object. Gone already is fine."""
        body: Document = {"propagationPolicy": "Background"}
        if uid:
            body["preconditions"] = {"uid": uid}
        try:
            await self._request("DELETE", kind.path(namespace, name), body=body)
        except ApiError as error:
            gone = error.status == 404 or (uid is not None and error.status == 409)
            if not gone:
                raise

    async def serves(self, kind: Kind) -> bool:
        """Whether the API server knows the kind."""
        try:
            found = await self._request("GET", kind.prefix)
        except ApiError as error:
            if error.status == 404:
                return False
            raise
        return any(resource["name"] == kind.plural for resource in found["resources"])

    async def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Document | None = None,
        content_type: str = "application/json",
    ) -> Document:
        url = f"{self._api.configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
        send = self._api.rest_client.request
        for _ in range(MOST_REFUSALS + 1):
            await self._throttle.passed()
            # Past the client's serializer: a document is plain JSON already, and that would look at each of its values.
            headers = {**self._api.default_headers, "Accept": "application/json", "Content-Type": content_type}
            await self._api.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
            asked = time.monotonic()
            try:
                response = await send(method, url, headers, body, _request_timeout=TIMEOUT_SECONDS)  # type: ignore[no-untyped-call]
                text = await response.read()
            except (TimeoutError, aiohttp.ClientError, OSError) as error:
                raise UnreachableError(f"{method} {path}: {error or type(error).__name__}") from error
            self._clock.heard(response.headers.get("Date"), asked)
            if response.status != _TOO_MANY_REQUESTS:
                break
            self._on_refusal()
            self._throttle.refused(response.headers)
        if response.status >= 400:
            raise ApiError(response.status, _message(text, response.reason))
        try:
            document: Document = json.loads(text)
        except ValueError as error:
            raise UnreachableError(f"{method} {path}: the answer is no JSON, so it is not the API server's") from error
        return document


def _message(body: bytes, reason: str | None) -> str:
    """The message of a Status object, or what else the server said."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace").strip() or str(reason)
