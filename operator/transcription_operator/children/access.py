"""What lets runner pods of a namespace report: their service account, bound to the runner's ClusterRole."""

from typing import Any

from transcription_api.names import RUNNER_SERVICE_ACCOUNT

_LABELS = {"app.kubernetes.io/name": "transcription-runner", "app.kubernetes.io/managed-by": "transcription-operator"}


def service_account(namespace: str) -> dict[str, Any]:
    """The service account of every runner pod in the namespace."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": RUNNER_SERVICE_ACCOUNT, "namespace": namespace, "labels": _LABELS},
        "automountServiceAccountToken": False,
    }


def role_binding(namespace: str, role: str) -> dict[str, Any]:
    """The binding to `role`, and named like it: what a binding binds cannot be changed, and another release has another role.

    The operator may make it since its own role lets it bind this one.
    """
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": role, "namespace": namespace, "labels": _LABELS},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": RUNNER_SERVICE_ACCOUNT, "namespace": namespace}],
    }
