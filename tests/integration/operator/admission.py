"""Clusters with a will of their own: admission policies that change what is asked for, in the test's namespace alone."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import eventually


@contextmanager
def mutating(
    kubectl: Kubectl, name: str, resource: str, change: str, *, on: tuple[str, ...], when: str = "true", probe: Callable[[], Any]
) -> Iterator[None]:
    """While the context lasts, every request for `resource` (group/version/plural) is changed by a list of JSON patches, a CEL
    expression. It takes effect some time after it was made: `probe` says whether it has.
    """
    group, version, plural = resource.split("/", 2)
    name = f"{kubectl.namespace}-{name}"
    rule = {"apiGroups": [group], "apiVersions": [version], "operations": list(on), "resources": [plural]}
    here = {"matchLabels": {"kubernetes.io/metadata.name": kubectl.namespace}}
    spec = {
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "matchConstraints": {"namespaceSelector": here, "resourceRules": [rule]},
        "matchConditions": [{"name": "when", "expression": when}],
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": change}}],
    }
    version = "admissionregistration.k8s.io/v1"
    policy = {"apiVersion": version, "kind": "MutatingAdmissionPolicy", "metadata": {"name": name}, "spec": spec}
    binding = policy | {"kind": "MutatingAdmissionPolicyBinding", "spec": {"policyName": name}}
    kubectl("apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": [policy, binding]}))
    try:
        eventually(probe)
        yield
    finally:
        for kind in ("mutatingadmissionpolicybinding", "mutatingadmissionpolicy"):
            kubectl("delete", kind, name)


def requests(kubectl: Kubectl, verb: str, resource: str, subresource: str = "", *, code: int | None = None) -> int:
    """How many requests of a kind the API server has had since its start, from anybody; with `code`, those answered with that."""
    wanted = [f'verb="{verb}"', f'resource="{resource}"', f'subresource="{subresource}"', 'dry_run=""']
    wanted += [f'code="{code}"'] if code else []
    lines = kubectl("get", "--raw", "/metrics").splitlines()
    counts = [line for line in lines if line.startswith("apiserver_request_total{") and all(label in line for label in wanted)]
    return sum(int(float(line.rsplit(" ", 1)[1])) for line in counts)
