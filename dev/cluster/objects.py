"""The objects that every dev cluster has from the start: two namespaces, the store's Secret and Service, the volume of models."""

from typing import Any

from dev.cluster import credentials
from dev.cluster.places import BRIDGE_ADDRESS, MODELS, MODELS_CLAIM, NAMESPACE, OPERATOR_NAMESPACE, STORE_PORT


def first_objects() -> list[dict[str, Any]]:
    """Manifests, in the order in which they have to be applied."""
    return [
        _namespace(NAMESPACE), _namespace(OPERATOR_NAMESPACE), _secret(), _store_service(), _store_endpoints(),
        *models_volume(NAMESPACE),
    ]  # fmt: skip


def models_volume(namespace: str) -> list[dict[str, Any]]:
    """The node's folder of models as a volume, and the claim by which pods of a namespace mount it. A claim takes a whole volume,
    so each namespace has one of its own; all are the same folder.
    """
    terms = {"accessModes": ["ReadOnlyMany"], "storageClassName": ""}
    volume = {
        **terms,
        "capacity": {"storage": "1Gi"},
        "claimRef": {"namespace": namespace, "name": MODELS_CLAIM},
        "hostPath": {"path": str(MODELS), "type": "Directory"},
        "persistentVolumeReclaimPolicy": "Retain",
    }
    claim = {**terms, "resources": {"requests": {"storage": "1Gi"}}, "volumeName": f"models-{namespace}"}
    return [
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": f"models-{namespace}"}, "spec": volume},
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": MODELS_CLAIM, "namespace": namespace},
            "spec": claim,
        },
    ]


def _namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _secret() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "minio-credentials", "namespace": NAMESPACE},
        "stringData": credentials.store(),
    }


def _store_service() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "minio", "namespace": NAMESPACE},
        "spec": {"ports": [{"name": "s3", "port": STORE_PORT}]},
    }


def _store_endpoints() -> dict[str, Any]:
    """MinIO runs on the host, so no selector finds it: its address is written down."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "minio", "namespace": NAMESPACE, "labels": {"kubernetes.io/service-name": "minio"}},
        "addressType": "IPv4",
        "ports": [{"name": "s3", "port": STORE_PORT}],
        "endpoints": [{"addresses": [BRIDGE_ADDRESS], "conditions": {"ready": True}}],
    }
