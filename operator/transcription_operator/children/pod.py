"""The pod template of a run: the runner alone, with as few rights as it can do with (Pod Security "restricted")."""

from typing import Any

from kubernetes.utils.quantity import parse_quantity

from transcription_api.names import (
    CONFIG_FOLDER,
    ENV_MODEL_PATH,
    ENV_POD_NAME,
    ENV_S3_ACCESS_KEY,
    ENV_S3_SECRET_KEY,
    ENV_SCRATCH_BYTES,
    POD_GRACE_SECONDS,
    RUNNER_CONTAINER,
    RUNNER_SERVICE_ACCOUNT,
    SCRATCH_FOLDER,
    SECRET_ACCESS_KEY,
    SECRET_SECRET_KEY,
    TOKEN_FOLDER,
)
from transcription_api.termination import TERMINATION_FILE
from transcription_operator.resolved import Placement, ResolvedSpec
from transcription_operator.settings import RunnerDefaults

USER = 65532
TOKEN_SECONDS = 3600


def pod_spec(config_map_name: str, resolved: ResolvedSpec, runner: RunnerDefaults) -> dict[str, Any]:
    """The spec of every pod of the run."""
    placement = resolved.placement
    optional: dict[str, Any] = {
        "nodeSelector": placement.node_selector,
        "tolerations": placement.tolerations,
        "priorityClassName": placement.priority_class_name,
        "runtimeClassName": placement.runtime_class_name,
        "imagePullSecrets": [{"name": name} for name in runner.image_pull_secrets],
    }
    return {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": POD_GRACE_SECONDS,
        "serviceAccountName": RUNNER_SERVICE_ACCOUNT,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **{name: value for name, value in optional.items() if value},
        "containers": [_container(resolved, runner)],
        "volumes": _volumes(config_map_name, runner),
    }


def _container(resolved: ResolvedSpec, runner: RunnerDefaults) -> dict[str, Any]:
    mounts = [
        {"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": True},
        {"name": "token", "mountPath": TOKEN_FOLDER, "readOnly": True},
        {"name": "scratch", "mountPath": SCRATCH_FOLDER},
    ]
    if runner.model_cache:
        read_only = {"readOnly": True} if runner.model_cache.read_only else {}
        mounts.append({"name": "model-cache", "mountPath": runner.model_cache.mount_path, **read_only})
    return {
        "name": RUNNER_CONTAINER,
        "image": runner.image,
        "imagePullPolicy": runner.image_pull_policy,
        "args": ["run"],
        "env": _environment(resolved, runner),
        "resources": container_resources(resolved.placement),
        "volumeMounts": mounts,
        "terminationMessagePath": TERMINATION_FILE,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def container_resources(placement: Placement) -> dict[str, Any]:
    """Requests and limits, the GPU among the limits (Kubernetes takes its request from there)."""
    resources: dict[str, Any] = placement.resources.wire()
    if placement.gpu_resource:
        resources["limits"] = {**resources.get("limits", {}), placement.gpu_resource: "1"}
    return resources


def _environment(resolved: ResolvedSpec, runner: RunnerDefaults) -> list[dict[str, Any]]:
    def from_secret(name: str, key: str) -> dict[str, Any]:
        return {"name": name, "valueFrom": {"secretKeyRef": {"name": resolved.secret_name, "key": key}}}

    plain = {
        # Half for audio in flight, half for what libraries put there: a full volume would have the pod evicted.
        ENV_SCRATCH_BYTES: str(int(parse_quantity(runner.scratch_size) / 2)),  # type: ignore[no-untyped-call]
        # The root file system is read-only: whatever libraries write goes to the scratch volume; the runner knows their folders.
        "HOME": SCRATCH_FOLDER,
        "TMPDIR": SCRATCH_FOLDER,
        "XDG_CACHE_HOME": f"{SCRATCH_FOLDER}/cache",
    }
    if runner.model_cache and not runner.model_cache.read_only:
        plain |= {
            "HF_HOME": f"{runner.model_cache.mount_path}/huggingface",
            "TORCH_HOME": f"{runner.model_cache.mount_path}/torch",
        }
    if runner.offline:
        plain["HF_HUB_OFFLINE"] = "1"
    if runner.model_path:
        plain[ENV_MODEL_PATH] = runner.model_path
    plain |= {variable.name: variable.value for variable in runner.env}
    return [
        from_secret(ENV_S3_ACCESS_KEY, SECRET_ACCESS_KEY),
        from_secret(ENV_S3_SECRET_KEY, SECRET_SECRET_KEY),
        {"name": ENV_POD_NAME, "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        *({"name": name, "value": value} for name, value in plain.items()),
    ]


def _volumes(config_map_name: str, runner: RunnerDefaults) -> list[dict[str, Any]]:
    token = {
        "sources": [
            {"serviceAccountToken": {"path": "token", "expirationSeconds": TOKEN_SECONDS}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        ]
    }
    volumes: list[dict[str, Any]] = [
        {"name": "config", "configMap": {"name": config_map_name}},
        {"name": "token", "projected": token},
        {"name": "scratch", "emptyDir": {"sizeLimit": str(runner.scratch_size)}},
    ]
    if runner.model_cache:
        volumes.append({"name": "model-cache", "persistentVolumeClaim": {"claimName": runner.model_cache.existing_claim}})
    return volumes
