"""What every child object carries: labels that the operator watches by, and the owner that takes it along when deleted."""

from typing import Any

from transcription_api.names import API_VERSION, KIND, LABEL_JOB_NAME, LABEL_JOB_UID
from transcription_operator.observed import Resource

_LABEL_LENGTH = 63


def child_labels(resource: Resource) -> dict[str, str]:
    """Labels of every child, pods included."""
    return {
        "app.kubernetes.io/name": "transcription-runner",
        "app.kubernetes.io/managed-by": "transcription-operator",
        LABEL_JOB_NAME: resource.name[:_LABEL_LENGTH].rstrip("-."),
        LABEL_JOB_UID: resource.uid,
    }


def owner_reference(resource: Resource) -> dict[str, Any]:
    """The TranscriptionJob as owner. Its deletion is never blocked, so that it works with the operator down."""
    return {"apiVersion": API_VERSION, "kind": KIND, "name": resource.name, "uid": resource.uid, "controller": True}
