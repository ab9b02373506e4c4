"""TranscriptionJobs of the service's namespace, as the API server has them. Every call waits for it, in bounded time.

All may raise ApiUnavailableError and ApiRefusedError.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from transcription_api.names import GROUP, PLURAL, VERSION
from transcription_runner.apiserver import ApiRefusedError, ApiServer
from transcription_runner.serve.jobs.resource import LABEL_MADE_BY, MADE_BY

PAGE = 500
GONE = 410
"""The API server's answer to a resourceVersion that is too old: a good deal has changed since."""

Resource = dict[str, Any]


class Cluster:
    """The jobs of one namespace."""

    def __init__(self, server: ApiServer, namespace: str) -> None:
        self.namespace = namespace
        self._server = server
        self._path = f"/apis/{GROUP}/{VERSION}/namespaces/{quote(namespace, safe='')}/{PLURAL}"

    def create(self, resource: Mapping[str, Any]) -> Resource:
        """Make it. A field that the cluster's CRD does not know is refused: dropped, it would be overlooked in silence."""
        made: Resource = self._server.ask(
            "POST", f"{self._path}?fieldManager=transcription-service&fieldValidation=Strict", resource
        )
        return made

    def get(self, name: str) -> Resource:
        """Look it up."""
        found: Resource = self._server.ask("GET", f"{self._path}/{name}")
        return found

    def delete(self, name: str, uid: str | None = None) -> None:
        """Delete it, with its children. `uid`: only if it is still that one."""
        preconditions = {"preconditions": {"uid": uid}} if uid else {}
        self._server.ask("DELETE", f"{self._path}/{name}", {"propagationPolicy": "Background", **preconditions})

    def all(self) -> Iterator[Resource]:
        """Those that the service made, page by page."""
        path, following = f"{self._path}?labelSelector={quote(f'{LABEL_MADE_BY}={MADE_BY}', safe='')}&limit={PAGE}", ""
        while True:
            page = self._server.ask("GET", f"{path}&continue={quote(following, safe='')}" if following else path)
            yield from page.get("items") or []
            following = (page.get("metadata") or {}).get("continue") or ""
            if not following:
                return

    def await_change(self, name: str, version: str, seconds: int) -> None:
        """Returns once the job is not as it was at `version` any more, and after `seconds` in any case."""
        which = f"fieldSelector={quote(f'metadata.name={name}', safe='')}&resourceVersion={quote(version, safe='')}"
        try:
            self._server.await_event(f"{self._path}?watch=true&{which}", seconds)
        except ApiRefusedError as refused:
            if refused.status != GONE:
                raise
