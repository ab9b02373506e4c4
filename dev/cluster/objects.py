"""The objects that every dev cluster has from the start: the two namespaces, the store's Secret, and its Service."""

from typing import Any

from dev.cluster import credentials
from dev.cluster.places import BRIDGE_ADDRESS, NAMESPACE, OPERATOR_NAMESPACE, STORE_PORT


def first_objects() -> list[dict[str, Any]]:
    """Manifests, in the order in which they have to be applied."""
    return [_namespace(NAMESPACE), _namespace(OPERATOR_NAMESPACE), _secret(), _store_service(), _store_endpoints()]


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
