"""Which operator tells, of several, and where it goes on: a Lease, as for any leader, with one annotation.

It is renewed every few seconds as long as its holder lives, and the annotation says up to which version all is told: no job costs
a write more. Whether a holder is dead is judged by how long the Lease has not changed, on one's own clock.
"""

import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime

from transcription_api.names import ANNOTATION_TOLD_UNTIL
from transcription_operator.cluster import LEASES, ApiError, Cluster, Document
from transcription_operator.settings import LeaseName


def own_identity() -> str:
    """The same after a restart of the container, another in any other pod."""
    return f"{socket.gethostname()}-{os.getpid()}"


class Lease:
    """See the module. `identity` is this operator's, `clock` is in seconds."""

    def __init__(self, cluster: Cluster, name: LeaseName, clock: Callable[[], float], identity: str) -> None:
        self._cluster = cluster
        self._name = name
        self._clock = clock
        self._identity = identity
        self._seen = ""
        self._seen_at = 0.0
        self._version = ""
        """Of the Lease, as this operator wrote it last; empty: it does not hold it."""

    @property
    def pause(self) -> float:
        """Seconds between two renewals, or two looks at somebody else's."""
        return self._name.seconds / 3

    async def take(self) -> tuple[bool, int | None]:
        """Try to get it: whether that worked, and up to which version all is told (None: nothing ever was).

        Raises ApiError, UnreachableError.
        """
        found = await self._found()
        if found is None:
            # By apply, not by create: only the former's right can be confined to one name.
            made = await self._cluster.apply(LEASES, self._document(None))
            self._version = made["metadata"]["resourceVersion"]
            return True, None
        told = _told(found)
        if not self._is_free(found):
            return False, told
        self._version = found["metadata"]["resourceVersion"]
        return await self.renew(told), told

    async def renew(self, told: int | None) -> bool:
        """Say that this operator lives, and up to where it told; False: somebody else has the Lease.

        Raises ApiError, UnreachableError.
        """
        return await self._write(self._identity, told)

    async def release(self, told: int | None) -> None:
        """Let another operator go on at once, if this one holds the Lease. Raises ApiError, UnreachableError."""
        if self._version:
            await self._write("", told)

    async def _write(self, holder: str, told: int | None) -> bool:
        body = self._document(told, holder)
        body["metadata"]["resourceVersion"] = self._version
        try:
            written = await self._cluster.merge(LEASES, self._name.namespace, self._name.name, body)
        except ApiError as error:
            if error.status not in (404, 409):
                raise
            self._version = ""
            return False
        self._version = written["metadata"]["resourceVersion"]
        return True

    async def _found(self) -> Document | None:
        try:
            return await self._cluster.get(LEASES, self._name.namespace, self._name.name)
        except ApiError as error:
            if error.status != 404:
                raise
            return None

    def _is_free(self, found: Document) -> bool:
        holder, version, now = (
            (found.get("spec") or {}).get("holderIdentity"),
            found["metadata"]["resourceVersion"],
            self._clock(),
        )
        if version != self._seen:
            self._seen, self._seen_at = version, now
        return holder in (None, "", self._identity) or now - self._seen_at > self._name.seconds

    def _document(self, told: int | None, holder: str | None = None) -> Document:
        annotations = {} if told is None else {ANNOTATION_TOLD_UNTIL: str(told)}
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"namespace": self._name.namespace, "name": self._name.name, "annotations": annotations},
            "spec": {
                "holderIdentity": self._identity if holder is None else holder,
                "leaseDurationSeconds": self._name.seconds,
                "renewTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            },
        }


def _told(found: Document) -> int | None:
    text = (found["metadata"].get("annotations") or {}).get(ANNOTATION_TOLD_UNTIL, "")
    return int(text) if text.isascii() and text.isdigit() else None
