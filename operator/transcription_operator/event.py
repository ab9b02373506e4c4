"""Builds Kubernetes Events (events.k8s.io/v1) about a custom resource."""

import socket
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol

from transcription_api.names import API_VERSION, KIND, OPERATOR_FIELD_MANAGER
from transcription_operator.plan import EventRecord

_MAX_NOTE = 1024
_MAX_NAME = 253


class Subject(Protocol):
    """What an Event can be about."""

    @property
    def namespace(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def uid(self) -> str: ...

    @property
    def resource_version(self) -> str: ...


def event_object(resource: Subject, record: EventRecord, now: datetime, kind: str = KIND) -> dict[str, Any]:
    """An Event that regards `resource`, which is of `kind`."""
    seed = "\n".join((resource.uid, record.reason, record.message, now.isoformat()))
    suffix = sha256(seed.encode()).hexdigest()[:16]
    name = resource.name[: _MAX_NAME - len(suffix) - 1].rstrip("-.")
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": f"{name}.{suffix}", "namespace": resource.namespace},
        "eventTime": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "type": record.kind,
        "reason": record.reason[:128],
        "action": "Reconcile",
        "note": _fitting(record.message),
        "reportingController": OPERATOR_FIELD_MANAGER,
        "reportingInstance": socket.gethostname()[:128],
        "regarding": {
            "apiVersion": API_VERSION,
            "kind": kind,
            "name": resource.name,
            "namespace": resource.namespace,
            "uid": resource.uid,
            "resourceVersion": resource.resource_version,
        },
    }


def _fitting(message: str) -> str:
    """At most 1,024 bytes of the message, as the API asks for."""
    return message.encode()[:_MAX_NOTE].decode(errors="ignore")
