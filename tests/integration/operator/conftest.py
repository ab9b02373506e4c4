"""A namespace with the chart's rights in it, and operators that serve it and nobody else."""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.definitions import install_definitions
from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import FOR_TESTS, RIGHTS, Operator, eventually, kubeconfig_of, rendered

RIGHTS_EVERYWHERE = RIGHTS - {"Role", "RoleBinding"} | {"ClusterRoleBinding"}
CLUSTER_WIDE = ("validatingadmissionpolicybinding", "validatingadmissionpolicy", "clusterrolebinding", "clusterrole")


@pytest.fixture(scope="session", autouse=True)
def alone(cluster: None) -> Iterator[None]:
    """No installed operator works beside those under test, and its policies for users rest; both are back afterwards."""
    kubectl = Kubectl("default")
    label = "app.kubernetes.io/name=transcription-operator"
    installed = kubectl.get("deployments", "-A", "-l", label)["items"]
    paused = [(d["metadata"]["namespace"], d["metadata"]["name"], d["spec"]["replicas"]) for d in installed]
    for namespace, name, _ in paused:
        Kubectl(namespace)("scale", "deployment", name, "--replicas=0")
    eventually(lambda: not kubectl.get("pods", "-A", "-l", label)["items"], 60)
    resting = [_as_applied(binding) for binding in kubectl.get("validatingadmissionpolicybindings", "-l", label)["items"]]
    for binding in resting:
        kubectl("delete", "validatingadmissionpolicybinding", binding["metadata"]["name"])
    yield
    for binding in resting:
        kubectl("create", "-f", "-", given=json.dumps(binding))
    for namespace, name, replicas in paused:
        Kubectl(namespace)("scale", "deployment", name, f"--replicas={replicas}")


def _as_applied(found: dict[str, Any]) -> dict[str, Any]:
    """Without what the API server has added."""
    metadata = {key: found["metadata"][key] for key in ("name", "labels", "annotations") if key in found["metadata"]}
    return {**found, "metadata": metadata}


@pytest.fixture(scope="session", autouse=True)
def resource_definition(cluster: None) -> None:
    """The CRDs of this tree."""
    install_definitions(Kubectl("default"))


@pytest.fixture(scope="module")
def team(cluster: None) -> Iterator[Kubectl]:
    """A fresh namespace under Pod Security "restricted", with the chart's rights for operator and runner."""
    kubectl = Kubectl(f"test-{uuid.uuid4().hex[:8]}")
    kubectl("create", "namespace", kubectl.namespace)
    kubectl("label", "namespace", kubectl.namespace, "pod-security.kubernetes.io/enforce=restricted")
    flags = (*FOR_TESTS, f"fullnameOverride={kubectl.namespace}", f"watchNamespaces={{{kubectl.namespace}}}")
    objects = [o for o in rendered("test", kubectl.namespace, *flags) if o["kind"] in RIGHTS]
    kubectl("apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    yield kubectl
    kubectl("delete", "tsj", "--all", "--wait=false")
    kubectl("delete", "namespace", kubectl.namespace, "--wait=false")
    for o in objects:
        if o["kind"].lower() in CLUSTER_WIDE:
            kubectl("delete", o["kind"], o["metadata"]["name"], "--ignore-not-found")


def lacking(log: str) -> list[str]:
    """What the operator says that it cannot do. A namespace of an earlier test may still be on its way out: what is refused there
    is no right that is lacking."""
    return [line for line in log.splitlines() if "cannot" in line and "because it is being terminated" not in line]


@pytest.fixture
def operators(team: Kubectl, tmp_path: Path) -> Iterator[Callable[..., Operator]]:
    """Makes operators for the namespace, not yet started; whatever still runs at the end is killed."""
    kubeconfig = kubeconfig_of(team, team.namespace, tmp_path / "operator.kubeconfig")
    made: list[Operator] = []

    def make(**settings: Any) -> Operator:
        made.append(Operator(tmp_path / f"operator-{len(made)}", kubeconfig, team.namespace, **settings))
        return made[-1]

    yield make
    for one in made:
        one.kill()
    logs = "\n".join(one.log() for one in made)
    assert not lacking(logs), f"the operator lacks a right: {logs}"
    assert "Traceback" not in logs, logs


@pytest.fixture
def operator(operators: Callable[..., Operator]) -> Operator:
    """One running operator."""
    one = operators()
    one.start()
    return one


@pytest.fixture(scope="module")
def home(cluster: None) -> Iterator[Kubectl]:
    """The operator's own namespace, with the chart's cluster-wide rights; everything of it is named after the namespace."""
    kubectl = Kubectl(f"test-{uuid.uuid4().hex[:8]}")
    kubectl("create", "namespace", kubectl.namespace)
    flags = (*FOR_TESTS, f"fullnameOverride={kubectl.namespace}")
    objects = [o for o in rendered("test", kubectl.namespace, *flags) if o["kind"] in RIGHTS_EVERYWHERE]
    kubectl("apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    yield kubectl
    for o in objects:
        kubectl("delete", o["kind"], o["metadata"]["name"], "--ignore-not-found")
    kubectl("delete", "namespace", kubectl.namespace, "--wait=false")


@pytest.fixture
def everywhere(home: Kubectl, tmp_path: Path) -> Iterator[Operator]:
    """An operator that serves all namespaces."""
    kubeconfig = kubeconfig_of(home, home.namespace, tmp_path / "operator.kubeconfig")
    rights = {"ensureRunnerAccess": True, "runnerRole": f"{home.namespace}-runner"}
    operator = Operator(tmp_path / "operator", kubeconfig, home.namespace, watchNamespaces=[], **rights)
    operator.start()
    yield operator
    operator.kill()
    assert not lacking(operator.log()), operator.log()
