"""The chart on a real API server: every object is accepted, and everything runs under Pod Security "restricted"."""

import json

import pytest

from tests.integration.kubectl import Kubectl
from tests.integration.operator.operators import rendered


@pytest.mark.parametrize("settings", [(), ("runner.device=cpu", "storage.endpoint=http://minio:9000"), ("watchNamespaces={NS}",)])
def test_every_object_is_accepted(team: Kubectl, settings: tuple[str, ...]) -> None:
    flags = [setting.replace("NS", team.namespace) for setting in settings]
    for document in rendered("dry", team.namespace, "fullnameOverride=dry-run", "crds.enabled=false", *flags):
        team("apply", "--dry-run=server", "-f", "-", given=json.dumps(document))


def test_the_operators_pod_is_restricted(team: Kubectl) -> None:
    deployment = next(o for o in rendered("dry", team.namespace) if o["kind"] == "Deployment")
    template = deployment["spec"]["template"]
    del template["spec"]["serviceAccountName"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "operator"}, "spec": template["spec"]}
    team("apply", "--dry-run=server", "-f", "-", given=json.dumps(pod))


def test_no_right_is_a_wildcard_and_no_secret_can_be_read(team: Kubectl) -> None:
    for settings in ((), (f"watchNamespaces={{{team.namespace}}}",)):
        for document in rendered("dry", team.namespace, *settings):
            for rule in document.get("rules") or []:
                assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
                assert not {"secrets", "pods/exec"} & set(rule["resources"])
                assert not {"escalate", "impersonate"} & set(rule["verbs"])
                if "bind" in rule["verbs"]:
                    assert (rule["resources"], rule["resourceNames"]) == (["clusterroles"], ["dry-transcription-operator-runner"])
                if document["metadata"]["name"].endswith("-runner"):
                    assert (rule["resources"], rule["verbs"]) == (["pods/status"], ["patch"])


def test_without_the_policy_that_narrows_it_runners_have_no_right_at_all(team: Kubectl) -> None:
    (role,) = [
        o for o in rendered("dry", team.namespace, "admissionPolicy.enabled=false") if o["metadata"]["name"].endswith("-runner")
    ]
    assert role["rules"] == []
