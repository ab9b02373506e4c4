"""The pod template of a run: the runner alone, with as few rights as it can do with (Pod Security "restricted")."""

from collections.abc import Mapping, Sequence
from typing import Any

from kubernetes.utils.quantity import parse_quantity

from transcription_api.effective import Effective, EffectiveModelCache, EffectivePod
from transcription_api.names import (
    ANNOTATION_CONFIG,
    CONFIG_FILE,
    CONFIG_FOLDER,
    ENV_MODEL_PATH,
    ENV_POD_NAME,
    ENV_S3_ACCESS_KEY,
    ENV_S3_CA_FILE,
    ENV_S3_SECRET_KEY,
    ENV_SCRATCH_BYTES,
    POD_GRACE_SECONDS,
    RUNNER_CONTAINER,
    RUNNER_SERVICE_ACCOUNT,
    SCRATCH_FOLDER,
    SECRET_ACCESS_KEY,
    SECRET_CA,
    SECRET_SECRET_KEY,
    STORE_CA_FOLDER,
    TOKEN_FOLDER,
)
from transcription_api.pod_additions import PodUser
from transcription_api.termination import TERMINATION_FILE

USER = PodUser(run_as_user=65532, run_as_group=65532, fs_group=65532, fs_group_change_policy="OnRootMismatch")
TOKEN_SECONDS = 3600
_GPU_CLAIM = "gpu"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def pod_spec(effective: Effective, avoided_nodes: Sequence[str] = ()) -> dict[str, Any]:
    """The spec of every pod of the run; they go to other nodes than `avoided_nodes` if there are any."""
    template = effective.resource_claim_template_name
    added = effective.added
    optional: dict[str, Any] = {
        "resourceClaims": [{"name": _GPU_CLAIM, "resourceClaimTemplateName": template}] if template else [],
        "nodeSelector": effective.node_selector,
        "affinity": _away_from(avoided_nodes, added.affinity or {}),
        "topologySpreadConstraints": added.topology_spread_constraints,
        "tolerations": [toleration.wire() for toleration in effective.tolerations],
        "priorityClassName": effective.priority_class_name,
        "runtimeClassName": effective.runtime_class_name,
        "imagePullSecrets": [{"name": name} for name in effective.image_pull_secrets],
    }
    return {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": POD_GRACE_SECONDS,
        "serviceAccountName": RUNNER_SERVICE_ACCOUNT,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            **(added.user or USER).wire(),
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **{name: value for name, value in optional.items() if value},
        "containers": [_container(effective, added)],
        "volumes": [*_volumes(effective), *added.volumes],
    }


def _away_from(nodes: Sequence[str], affinity: Mapping[str, Any]) -> dict[str, Any]:
    """`affinity`, and away from `nodes` where that can be."""
    if not nodes:
        return dict(affinity)
    # By the node's own name: the label kubernetes.io/hostname may be another. Such a field takes one value.
    fields = [{"key": "metadata.name", "operator": "NotIn", "values": [node]} for node in nodes]
    preferred = {"weight": 100, "preference": {"matchFields": fields}}
    to_nodes = affinity.get("nodeAffinity") or {}
    wishes = [*(to_nodes.get(_PREFERRED) or []), preferred]
    return {**affinity, "nodeAffinity": {**to_nodes, _PREFERRED: wishes}}


def _container(effective: Effective, added: EffectivePod) -> dict[str, Any]:
    mounts = [
        {"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": True},
        {"name": "token", "mountPath": TOKEN_FOLDER, "readOnly": True},
        {"name": "scratch", "mountPath": SCRATCH_FOLDER},
    ]
    if effective.model_cache:
        cache = effective.model_cache
        read_only = {"readOnly": True} if cache.read_only or cache.host_path or cache.image else {}
        mounts.append({"name": "model-cache", "mountPath": cache.mount_path, **read_only})
    if effective.ca_secret_name:
        mounts.append({"name": "store-ca", "mountPath": STORE_CA_FOLDER, "readOnly": True})
    mounts += added.volume_mounts
    claims = [{"name": _GPU_CLAIM}] if effective.resource_claim_template_name else []
    resources = {"requests": effective.requests, "limits": effective.limits, "claims": claims}
    return {
        "name": RUNNER_CONTAINER,
        "image": effective.image,
        "imagePullPolicy": effective.image_pull_policy,
        "args": ["run"],
        "env": _environment(effective, added),
        "resources": {name: amounts for name, amounts in resources.items() if amounts},
        "volumeMounts": mounts,
        "terminationMessagePath": TERMINATION_FILE,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def _environment(effective: Effective, added: EffectivePod) -> list[dict[str, Any]]:
    def from_secret(name: str, key: str) -> dict[str, Any]:
        return {"name": name, "valueFrom": {"secretKeyRef": {"name": effective.secret_name, "key": key}}}

    plain = {
        # Half for audio in flight, half for what libraries put there: a full volume would have the pod evicted.
        ENV_SCRATCH_BYTES: str(int(parse_quantity(effective.scratch_size) / 2)),  # type: ignore[no-untyped-call]
        # The root file system is read-only: whatever libraries write goes to the scratch volume; the runner knows their folders.
        "HOME": SCRATCH_FOLDER,
        "TMPDIR": SCRATCH_FOLDER,
        "XDG_CACHE_HOME": f"{SCRATCH_FOLDER}/cache",
    }
    if effective.model_cache and not effective.model_cache.read_only:
        plain |= {
            "HF_HOME": f"{effective.model_cache.mount_path}/huggingface",
            "TORCH_HOME": f"{effective.model_cache.mount_path}/torch",
        }
    if effective.offline:
        plain["HF_HUB_OFFLINE"] = "1"
    if effective.model_path:
        plain[ENV_MODEL_PATH] = effective.model_path
    if effective.ca_secret_name:
        plain[ENV_S3_CA_FILE] = f"{STORE_CA_FOLDER}/{SECRET_CA}"
    plain |= effective.env
    sourced = {variable.name: variable.wire() for variable in added.env}
    return [
        from_secret(ENV_S3_ACCESS_KEY, SECRET_ACCESS_KEY),
        from_secret(ENV_S3_SECRET_KEY, SECRET_SECRET_KEY),
        {"name": ENV_POD_NAME, "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        *({"name": name, "value": value} for name, value in plain.items() if name not in sourced),
        *sourced.values(),
    ]


def _volumes(effective: Effective) -> list[dict[str, Any]]:
    token = {
        "sources": [
            {"serviceAccountToken": {"path": "token", "expirationSeconds": TOKEN_SECONDS}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        ]
    }
    config = {"fieldPath": f"metadata.annotations['{ANNOTATION_CONFIG}']"}
    volumes: list[dict[str, Any]] = [
        {"name": "config", "downwardAPI": {"items": [{"path": CONFIG_FILE, "fieldRef": config}]}},
        {"name": "token", "projected": token},
        {"name": "scratch", "emptyDir": {"sizeLimit": effective.scratch_size}},
    ]
    if effective.model_cache:
        volumes.append({"name": "model-cache", **_models(effective.model_cache)})
    if effective.ca_secret_name:
        # Optional: a pod that waits for a Secret says nothing, and the runner says which one is missing.
        items = [{"key": SECRET_CA, "path": SECRET_CA}]
        volumes.append({"name": "store-ca", "secret": {"secretName": effective.ca_secret_name, "optional": True, "items": items}})
    return volumes


def _models(cache: EffectiveModelCache) -> dict[str, Any]:
    if cache.host_path:
        return {"hostPath": {"path": cache.host_path, "type": "Directory"}}
    if cache.image:
        policy = {"pullPolicy": cache.image_pull_policy} if cache.image_pull_policy else {}
        return {"image": {"reference": cache.image, **policy}}
    return {"persistentVolumeClaim": {"claimName": cache.existing_claim}}
