"""Child Jobs as the operator makes them, for tests that hold its token and no operator."""

from typing import Any

from tests.integration.kubectl import Kubectl
from tests.integration.operator.pods import Transcription
from transcription_operator.children.job import job
from transcription_operator.observed import read_resource
from transcription_operator.resolved import resolve
from transcription_operator.run import current_run
from transcription_operator.settings import OperatorSettings

FULL = {
    "storage": {"endpoint": "http://minio:9000", "caSecret": "store-ca"},
    "runner": {
        "image": "runner:test",
        "imagePullSecrets": ["registry"],
        "nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB"},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "runtimeClassName": "nvidia",
        "priorityClassName": "batch",
        "resources": {"requests": {"cpu": 4, "memory": "16Gi"}, "limits": {"memory": "32Gi"}},
        "modelPath": "/models/folder",
        "modelCache": {"existingClaim": "models"},
        "env": [{"name": "OMP_NUM_THREADS", "value": "4"}],
        "pod": {
            "labels": {"cost-centre": "speech"},
            "annotations": {"example.com/scan": "false"},
            "affinity": {"podAntiAffinity": {}},
            "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}],
            "env": [
                {"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "hub", "key": "token"}}},
                {"name": "HF_ENDPOINT", "valueFrom": {"configMapKeyRef": {"name": "hub", "key": "endpoint"}}},
            ],
            "volumes": [
                {"name": "corpus", "persistentVolumeClaim": {"claimName": "corpus"}},
                {"name": "words", "configMap": {"name": "words"}},
                {"name": "licence", "secret": {"secretName": "licence"}},
            ],
            "volumeMounts": [
                {"name": "corpus", "mountPath": "/corpus"},
                {"name": "words", "mountPath": "/words"},
                {"name": "licence", "mountPath": "/licence"},
            ],
            "user": {"runAsGroup": 2000, "supplementalGroups": [4000]},
        },
    },
}
"""Settings with which pods have all that the operator can give them."""


def made_for(transcription: Transcription, **settings: Any) -> dict[str, Any]:
    """The Job that the operator makes."""
    resource = read_resource(transcription.resource())
    run = current_run(resource.name, resource.uid, resource.run_id, resource.status)
    return job(resource, run, resolve(resource.spec, OperatorSettings.model_validate(FULL | settings)))


def jobs_of(kubectl: Kubectl, name: str = "") -> str:
    path = f"/apis/batch/v1/namespaces/{kubectl.namespace}/jobs"
    return f"{path}/{name}" if name else path
