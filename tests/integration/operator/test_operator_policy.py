"""The operator's account, in whoever's hands: it makes runner pods of TranscriptionJobs, binds the runner's role, and no more."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.integration.kubectl import Kubectl
from tests.integration.operator.accounts import Account
from tests.integration.operator.child_jobs import jobs_of, made_for
from tests.integration.operator.operators import eventually, kubeconfig_of
from tests.integration.operator.pods import Transcription

TEMPLATE = {"spec": {"restartPolicy": "Never", "containers": [{"name": "x", "image": "x"}]}}
POD = "spec.template.spec"
RUNNER = f"{POD}.containers.0"
PRIVILEGED, VOLUMES = "without privileges or capabilities", "mount no volume but scratch space"
SECRETS, IMAGE = "of Secrets and ConfigMaps", "may run no image but the runner's, runner, with the argument run"
OWNER, ACCOUNT = "only Jobs whose controller is a TranscriptionJob", "run as the service account transcription-runner"

MODELS, AUTHORITY, CORPUS, LICENCE = (f"{POD}.volumes.{index}" for index in (3, 4, 5, 7))
"""Where these volumes stand in the Job: another one of the same name is refused before any policy is asked."""

ATTACKS: dict[str, tuple[str, Any, str]] = {
    "no owner": ("metadata.ownerReferences", [], OWNER),
    "an owner that is no controller": ("metadata.ownerReferences.0.controller", False, OWNER),
    "an owner of another kind": ("metadata.ownerReferences.0.kind", "Deployment", OWNER),
    "an owner of another group": ("metadata.ownerReferences.0.apiVersion", "example.com/v1", OWNER),
    "the node's network": (f"{POD}.hostNetwork", True, "may not give its pods hostNetwork"),
    "the node's processes": (f"{POD}.hostPID", True, "hostPID"),
    "the node's memory": (f"{POD}.hostIPC", True, "hostIPC"),
    "a node of its choice": (f"{POD}.nodeName", "dgx-a100", "nodeName"),
    "other addresses for names": (f"{POD}.hostAliases", [{"ip": "10.0.0.1", "hostnames": ["minio"]}], "hostAliases"),
    "a DNS server of its choice": (f"{POD}.dnsConfig", {"nameservers": ["10.0.0.1"]}, "dnsConfig"),
    "a shared process namespace": (f"{POD}.shareProcessNamespace", True, "shareProcessNamespace"),
    "an init container": (f"{POD}.initContainers", [{"name": "first", "image": "runner:test"}], "initContainers"),
    "a container beside it": (f"{POD}.containers.+", {"name": "second", "image": "runner:test"}, "one container"),
    "another service account": (f"{POD}.serviceAccountName", "default", ACCOUNT),
    "a token of the account": (f"{POD}.automountServiceAccountToken", True, ACCOUNT),
    "a system's priority": (f"{POD}.priorityClassName", "system-node-critical", "the priority class system-node-critical"),
    "root": (f"{POD}.securityContext.runAsUser", 0, PRIVILEGED),
    "perhaps root": (f"{POD}.securityContext.runAsNonRoot", False, PRIVILEGED),
    "another group than the chart's": (f"{POD}.securityContext.supplementalGroups", [4000, 4001], PRIVILEGED),
    "a group of the node's": (f"{POD}.securityContext.supplementalGroups", [0], PRIVILEGED),
    "no seccomp": (f"{POD}.securityContext.seccompProfile.type", "Unconfined", PRIVILEGED),
    "a kernel's settings": (f"{POD}.securityContext.sysctls", [{"name": "net.core.somaxconn", "value": "1"}], PRIVILEGED),
    "privileges": (f"{RUNNER}.securityContext", {"privileged": True}, "privileg"),
    "more privileges later": (f"{RUNNER}.securityContext.allowPrivilegeEscalation", True, PRIVILEGED),
    "a writable root": (f"{RUNNER}.securityContext.readOnlyRootFilesystem", False, PRIVILEGED),
    "a capability": (f"{RUNNER}.securityContext.capabilities.add", ["NET_BIND_SERVICE"], PRIVILEGED),
    "capabilities": (f"{RUNNER}.securityContext.capabilities.drop", [], PRIVILEGED),
    "root in the container": (f"{RUNNER}.securityContext.runAsUser", 0, PRIVILEGED),
    "another image": (f"{RUNNER}.image", "busybox:latest", f"{IMAGE}; it asked for busybox:latest"),
    "an image that begins alike": (f"{RUNNER}.image", "runner-up:test", IMAGE),
    "an image of a folder": (f"{RUNNER}.image", "runner/other:test", IMAGE),
    "another command": (f"{RUNNER}.command", ["sh"], "command"),
    "other arguments": (f"{RUNNER}.args", ["serve"], IMAGE),
    "a hook": (f"{RUNNER}.lifecycle", {"preStop": {"exec": {"command": ["sh"]}}}, "lifecycle"),
    "a probe": (f"{RUNNER}.livenessProbe", {"exec": {"command": ["sh"]}}, "livenessProbe"),
    "a port of the node": (f"{RUNNER}.ports", [{"containerPort": 80, "hostPort": 80}], "ports"),
    "a whole Secret": (f"{RUNNER}.envFrom", [{"secretRef": {"name": "bank"}}], "envFrom"),
    "another key of a Secret": (
        f"{RUNNER}.env.+",
        {"name": "S3_ACCESS_KEY", "valueFrom": {"secretKeyRef": {"name": "bank", "key": "password"}}},
        SECRETS,
    ),
    "a Secret under another name": (
        f"{RUNNER}.env.+",
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "bank", "key": "accessKey"}}},
        SECRETS,
    ),
    "another Secret than the chart's under its variable": (
        f"{RUNNER}.env.+",
        {"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "bank", "key": "token"}}},
        SECRETS,
    ),
    "another ConfigMap than the chart's under its variable": (
        f"{RUNNER}.env.+",
        {"name": "HF_ENDPOINT", "valueFrom": {"configMapKeyRef": {"name": "hub", "key": "other"}}},
        SECRETS,
    ),
    "a ConfigMap": (f"{RUNNER}.env.+", {"name": "X", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}, SECRETS),
    "a folder of the node": (f"{POD}.volumes.+", {"name": "x", "hostPath": {"path": "/"}}, VOLUMES),
    "a Secret as a volume": (f"{POD}.volumes.+", {"name": "x", "secret": {"secretName": "bank"}}, VOLUMES),
    "a ConfigMap as a volume": (f"{POD}.volumes.+", {"name": "x", "configMap": {"name": "c"}}, VOLUMES),
    "another claim": (f"{POD}.volumes.+", {"name": "x", "persistentVolumeClaim": {"claimName": "payroll"}}, VOLUMES),
    "another claim than the chart's under its name": (
        CORPUS,
        {"name": "corpus", "persistentVolumeClaim": {"claimName": "payroll"}},
        VOLUMES,
    ),
    "another Secret than the chart's under its volume": (
        LICENCE,
        {"name": "licence", "secret": {"secretName": "bank"}},
        VOLUMES,
    ),
    "another authority for the store": (AUTHORITY, {"name": "store-ca", "secret": {"secretName": "bank"}}, VOLUMES),
    "models of an image": (MODELS, {"name": "model-cache", "image": {"reference": "busybox"}}, VOLUMES),
    "models of the node": (MODELS, {"name": "model-cache", "hostPath": {"path": "/"}}, VOLUMES),
    "a share": (f"{POD}.volumes.+", {"name": "x", "nfs": {"server": "10.0.0.1", "path": "/"}}, VOLUMES),
    "a driver's volume": (f"{POD}.volumes.+", {"name": "x", "csi": {"driver": "secrets-store.csi.k8s.io"}}, VOLUMES),
    "a projected Secret": (f"{POD}.volumes.+", {"name": "x", "projected": {"sources": [{"secret": {"name": "bank"}}]}}, VOLUMES),
    "a projected ConfigMap": (
        f"{POD}.volumes.+",
        {"name": "x", "projected": {"sources": [{"configMap": {"name": "other"}}]}},
        VOLUMES,
    ),
    "a token for somebody else": (
        f"{POD}.volumes.+",
        {"name": "x", "projected": {"sources": [{"serviceAccountToken": {"path": "t", "audience": "vault"}}]}},
        VOLUMES,
    ),
}
"""What is changed in the Job that the operator makes, and what is said to it. `+` is a further item of a list."""


def changed(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with another value at a dotted path."""
    copy = deepcopy(document)
    *way, last = path.split(".")
    place: Any = copy
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if last == "+":
        place.append(value)
    elif isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value
    return copy


@pytest.fixture
def calls(team: Kubectl) -> Iterator[Transcription]:
    """A TranscriptionJob that no operator has seen to yet."""
    yield Transcription.apply(team, "calls")
    team("delete", "tsj", "calls")


@pytest.fixture
def operator_account(team: Kubectl, calls: Transcription, tmp_path: Path) -> Account:
    """The operator's token for the namespace, once the policies are in force."""
    account = Account(kubeconfig_of(team, team.namespace, tmp_path / "operator.kubeconfig"))
    for attack in ("no owner", "the node's network"):
        path, value, refusal = ATTACKS[attack]
        wrong = changed(made_for(calls), path, value)
        eventually(lambda wrong=wrong, refusal=refusal: refusal in account.ask("POST", f"{jobs_of(team)}?dryRun=All", wrong), 60)
    return account


def test_the_job_that_the_operator_makes_is_taken_whatever_its_settings(
    team: Kubectl, calls: Transcription, operator_account: Account
) -> None:
    dry = f"{jobs_of(team)}?dryRun=All"
    assert operator_account.ask("POST", dry, made_for(calls)) == ""
    least = {"image": "runner@sha256:" + "a" * 64, "device": "cpu"}
    assert operator_account.ask("POST", dry, made_for(calls, runner=least)) == ""


def test_no_other_job_is_taken(team: Kubectl, calls: Transcription, operator_account: Account) -> None:
    right, path = made_for(calls), f"{jobs_of(team)}?dryRun=All"
    said = {what: operator_account.ask("POST", path, changed(right, place, value)) for what, (place, value, _) in ATTACKS.items()}
    assert {what: text for what, text in said.items() if ATTACKS[what][2] not in text or "orbidden" not in text} == {}


def test_jobs_of_others_are_neither_changed_nor_adopted_nor_deleted(
    team: Kubectl, calls: Transcription, operator_account: Account
) -> None:
    owned = made_for(calls)
    spec = {"template": TEMPLATE, "suspend": True}
    team.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "theirs"}, "spec": spec})
    path = jobs_of(team, "theirs")
    adoption = {"metadata": {"ownerReferences": owned["metadata"]["ownerReferences"]}}
    assert OWNER in operator_account.ask("PATCH", path, {"spec": {"suspend": False}}, "merge-patch+json")
    assert "may not change a Job's owner" in operator_account.ask("PATCH", path, adoption, "merge-patch+json")
    assert OWNER in operator_account.ask("DELETE", path)
    assert team.get("job", "theirs")["spec"]["suspend"] is True


def test_a_job_of_its_own_keeps_its_pod_template(team: Kubectl, calls: Transcription, operator_account: Account) -> None:
    own = changed(made_for(calls), "spec.suspend", True)
    assert operator_account.ask("POST", jobs_of(team), own) == ""
    path = jobs_of(team, own["metadata"]["name"])
    elsewhere = {"spec": {"template": {"spec": {"nodeSelector": {"kubernetes.io/hostname": "victim"}}}}}
    assert "may not change the pod template" in operator_account.ask("PATCH", path, elsewhere, "merge-patch+json")
    let_go = {"metadata": {"ownerReferences": None}}
    assert OWNER in operator_account.ask("PATCH", path, let_go, "merge-patch+json")
    assert operator_account.ask("PATCH", path, {"spec": {"ttlSecondsAfterFinished": 60}}, "merge-patch+json") == ""
    assert operator_account.ask("DELETE", path, {"propagationPolicy": "Background"}) == ""


def test_events_are_about_our_own_objects(team: Kubectl, operator_account: Account) -> None:
    about = {"apiVersion": "v1", "kind": "Node", "name": "dgx-a100", "namespace": team.namespace}
    event = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "forged", "namespace": team.namespace},
        "regarding": about,
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "type": "Warning",
        "reason": "NodeNotReady",
        "action": "x",
        "note": "forged",
        "reportingController": "kubelet",
        "reportingInstance": "dgx-a100",
    }
    path = f"/apis/events.k8s.io/v1/namespaces/{team.namespace}/events"
    assert "about objects of transcription.whisperx.dev only" in operator_account.ask("POST", path, event)


def test_the_runners_role_is_bound_to_the_runners_account_alone(home: Kubectl, namespace: Kubectl, tmp_path: Path) -> None:
    account = Account(kubeconfig_of(home, home.namespace, tmp_path / "operator.kubeconfig"))
    role, where = f"{home.namespace}-runner", namespace.namespace
    apply = "?fieldManager=x&force=true"

    def binding(subject: dict[str, str]) -> str:
        body = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": role, "namespace": where},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [subject],
        }
        path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{where}/rolebindings/{role}{apply}"
        return account.ask("PATCH", path, body, "apply-patch+yaml")

    refusal = f"may bind ClusterRole {role} alone"
    runner = {"kind": "ServiceAccount", "name": "transcription-runner"}
    attacks = (
        {"kind": "ServiceAccount", "name": home.namespace, "namespace": home.namespace},
        {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:authenticated"},
        runner | {"namespace": home.namespace},
    )
    for subject in attacks:
        eventually(lambda subject=subject: refusal in binding(subject), 30)
    assert binding(runner | {"namespace": where}) == ""
    for subject in attacks:
        assert refusal in binding(subject), "neither once it exists"


def test_the_runners_account_gets_nothing_beside_its_name(home: Kubectl, namespace: Kubectl, tmp_path: Path) -> None:
    account = Account(kubeconfig_of(home, home.namespace, tmp_path / "operator.kubeconfig"))
    path = f"/api/v1/namespaces/{namespace.namespace}/serviceaccounts/transcription-runner?fieldManager=x&force=true"

    def made(annotations: dict[str, str] | None = None, **fields: Any) -> str:
        metadata: dict[str, Any] = {"name": "transcription-runner", "namespace": namespace.namespace}
        metadata |= {"annotations": annotations} if annotations else {}
        body = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, "automountServiceAccountToken": False}
        return account.ask("PATCH", path, body | fields, "apply-patch+yaml")

    refusal = "may make transcription-runner alone"
    attacks: tuple[dict[str, Any], ...] = (
        {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/admin"}},
        {"imagePullSecrets": [{"name": "bank"}]},
        {"secrets": [{"name": "bank"}]},
        {"automountServiceAccountToken": True},
    )
    for attack in attacks:
        eventually(lambda attack=attack: refusal in made(**attack), 30)
    assert made() == ""
    for attack in attacks:
        assert refusal in made(**attack), f"{json.dumps(attack)}: neither once it exists"
