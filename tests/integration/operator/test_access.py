"""Serving every namespace: the operator itself gives runners their access where jobs appear, and can give no other."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import Operator, eventually, kubeconfig_of, rendered
from tests.integration.operator.pods import Runner, Transcription

RIGHTS = {"ServiceAccount", "ClusterRole", "ClusterRoleBinding"}


@pytest.fixture(scope="module")
def home(cluster: None) -> Iterator[Kubectl]:
    """The operator's own namespace, with the chart's cluster-wide rights; everything of it is named after the namespace."""
    kubectl = Kubectl(f"test-{uuid.uuid4().hex[:8]}")
    kubectl("create", "namespace", kubectl.namespace)
    flags = (f"fullnameOverride={kubectl.namespace}", "crds.enabled=false", "userRoles.create=false")
    objects = [o for o in rendered("test", kubectl.namespace, *flags) if o["kind"] in RIGHTS]
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
    assert "cannot" not in operator.log(), operator.log()


def test_runners_get_their_access_where_a_job_appears(
    everywhere: Operator, namespace: Kubectl, home: Kubectl, tmp_path: Path
) -> None:
    job = Transcription.apply(namespace, "anywhere")
    (pod,) = job.pods()
    eventually(lambda: job.status().get("jobName"))
    account = namespace.get("serviceaccount", "transcription-runner")
    assert account["automountServiceAccountToken"] is False
    assert namespace.get("rolebinding", f"{home.namespace}-runner")["roleRef"]["name"] == f"{home.namespace}-runner"
    assert Runner(namespace, pod, tmp_path).report(job.shard(pod)) == ""


def test_the_operator_can_make_no_other_account_and_bind_no_other_role(home: Kubectl, namespace: Kubectl, tmp_path: Path) -> None:
    kubeconfig = kubeconfig_of(home, home.namespace, tmp_path / "operator.kubeconfig")

    def refused(*arguments: str, given: str | None = None) -> bool:
        result = namespace.run(f"--kubeconfig={kubeconfig}", *arguments, given=given)
        return result.returncode != 0 and "orbidden" in result.stderr

    assert refused("create", "serviceaccount", "another")
    assert refused("get", "secrets")
    assert refused("get", "namespaces")
    assert refused("delete", "tsj", "--all")
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": f"{home.namespace}-runner"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "transcription-runner", "namespace": namespace.namespace}],
    }
    flags = ["--server-side", "--field-manager=x", "--validate=false", "-f", "-"]
    namespace("delete", "rolebinding", "--all")
    assert refused("apply", *flags, given=json.dumps(binding)), "a role with more rights than the operator's own"
