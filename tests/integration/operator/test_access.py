"""Serving every namespace: the operator itself gives runners their access where jobs appear, and can give no other."""

import json
from pathlib import Path

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import Operator, eventually, kubeconfig_of
from tests.integration.operator.pods import Runner, Transcription


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


def test_an_account_that_somebody_deleted_is_made_again_for_a_job_that_lacks_it(everywhere: Operator, namespace: Kubectl) -> None:
    """The operator has seen to the namespace a moment ago, and no other run starts there."""
    job = Transcription.apply(namespace, "orphaned")
    job.pods()
    namespace("delete", "serviceaccount", "transcription-runner")
    (child,) = job.jobs()
    namespace("delete", "job", child["metadata"]["name"])
    eventually(lambda: [one["metadata"]["uid"] for one in job.jobs()] not in ([], [child["metadata"]["uid"]]))
    assert job.pods()


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
