"""The chart on a real API server: every object is accepted, and everything runs under Pod Security "restricted"."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.kubectl import Kubectl
from tests.integration.operator.child_jobs import made_for
from tests.integration.operator.operators import rendered
from tests.integration.operator.pods import Transcription
from transcription_api.names import ENV_S3_ACCESS_KEY, ENV_S3_SECRET_KEY, SECRET_ACCESS_KEY, SECRET_SECRET_KEY
from transcription_operator.settings import OperatorSettings, load_settings
from transcription_runner.cli import parser

SINK = ("events.url=https://events.example.com:8443/in?team=a", "events.existingSecret=sink")
NETWORK = ("networkPolicy.enabled=true", "storage.endpoint=https://minio.storage:9443", "policy.endpoints={http://archive}")
JOBS = (
    "service.enabled=true",
    "service.jobs.enabled=true",
    "service.jobs.bucket=speech",
    "storage.endpoint=http://minio:9000",
)


@pytest.mark.parametrize(
    "settings",
    [
        (),
        ("runner.device=cpu", "storage.endpoint=http://minio:9000", "service.enabled=true", "service.apiKeysSecret=keys"),
        (*JOBS, "service.jobs.prefix=a: b", "service.jobs.sources={calls,notes}"),
        ("watchNamespaces={NS}",),
        (*NETWORK, *SINK, "networkPolicy.namespaces={NS}", "runner.offline=false", "service.enabled=true"),
    ],
)
def test_every_object_is_accepted(team: Kubectl, settings: tuple[str, ...]) -> None:
    flags = [setting.replace("NS", team.namespace) for setting in settings]
    for document in rendered("dry", team.namespace, "fullnameOverride=dry-run", "crds.enabled=false", *flags):
        team("apply", "--dry-run=server", "-f", "-", given=json.dumps(document))


@pytest.mark.parametrize(
    "settings",
    [
        (),
        ("imagePullSecrets[0].name=0x1f", "runner.resources.limits.cpu=8"),
        ("watchNamespaces={a,b}", "logFormat=json", "policy.hubOwners={Systran}", "runner.offline=false"),
        ("runner.modelCache.existingClaim=models", "runner.modelPath=/models", "runner.model.batchSize=4", *NETWORK),
    ],
)
def test_the_operator_can_read_what_the_chart_writes_for_it(settings: tuple[str, ...], tmp_path: Path) -> None:
    (config,) = [o for o in rendered("dry", "home", "crds.enabled=false", *settings) if o["kind"] == "ConfigMap"]
    file = tmp_path / "config.yaml"
    file.write_text(config["data"]["config.yaml"])
    assert load_settings(file).runner.image.startswith("transcription-runner:")


@pytest.mark.parametrize(("given", "read"), [("2.5", 2.5), ("3", 3.0), ("1000000", 1_000_000.0)])
def test_a_price_on_the_command_line_where_helm_takes_it_for_text_is_a_number(given: str, read: float, tmp_path: Path) -> None:
    settings = (f"price.gpuHour={given}", "price.currency=EUR")
    (config,) = [o for o in rendered("dry", "home", "crds.enabled=false", *settings) if o["kind"] == "ConfigMap"]
    file = tmp_path / "config.yaml"
    file.write_text(config["data"]["config.yaml"])
    price = load_settings(file).price
    assert (price.gpu_hour, price.currency) == (read, "EUR")


def deployments(*settings: str) -> dict[str, Any]:
    """Name -> the pod of each Deployment that the chart makes."""
    objects = rendered("dry", "home", *settings)
    return {o["metadata"]["name"]: o["spec"]["template"] for o in objects if o["kind"] == "Deployment"}


def test_the_pods_of_the_operator_and_of_the_service_are_restricted(team: Kubectl) -> None:
    made = deployments("service.enabled=true", "service.apiKeysSecret=keys", "runner.modelCache.existingClaim=models")
    assert set(made) == {"dry-transcription-operator", "dry-transcription-operator-service"}
    for name, template in made.items():
        template["spec"].pop("serviceAccountName", None)
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": template["spec"]}
        team("apply", "--dry-run=server", "-f", "-", given=json.dumps(pod))


def test_the_service_takes_a_gpu_only_where_it_runs_on_one() -> None:
    for device, gpus in (("cuda", 1), ("cpu", None)):
        pod = deployments("service.enabled=true", f"service.device={device}")["dry-transcription-operator-service"]
        [container] = pod["spec"]["containers"]
        assert container["resources"]["limits"].get("nvidia.com/gpu") == gpus
        assert f"--device={device}" in container["args"]
    assert set(deployments()) == {"dry-transcription-operator"}, "off at first"


def test_the_service_is_told_of_its_jobs_in_words_that_it_knows() -> None:
    objects = {(o["kind"], o["metadata"]["name"]): o for o in rendered("dry", "home", *JOBS, "service.jobs.sources={calls}")}
    name = "dry-transcription-operator-service"
    pod = objects["Deployment", name]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    told = parser().parse_args(container["args"])
    assert (told.jobs_bucket, told.jobs_prefix, told.jobs_source) == ("speech", "service/", ["calls"])
    assert (told.jobs_endpoint, told.jobs_secret) == ("http://minio:9000", "minio-credentials")
    secrets = {one["name"]: one["valueFrom"]["secretKeyRef"]["key"] for one in container["env"] if "valueFrom" in one}
    assert secrets == {ENV_S3_ACCESS_KEY: SECRET_ACCESS_KEY, ENV_S3_SECRET_KEY: SECRET_SECRET_KEY}
    assert (pod["serviceAccountName"], pod["automountServiceAccountToken"]) == (name, True)
    (rule,) = objects["Role", name]["rules"]
    assert (rule["resources"], rule["verbs"]) == (["transcriptionjobs"], ["create", "get", "list", "watch", "delete"])
    assert objects["RoleBinding", name]["subjects"] == [{"kind": "ServiceAccount", "name": name, "namespace": "home"}]


def test_without_jobs_the_service_has_no_account_of_its_own() -> None:
    made = {(o["kind"], o["metadata"]["name"]): o for o in rendered("dry", "home", "service.enabled=true")}
    name = "dry-transcription-operator-service"
    pod = made["Deployment", name]["spec"]["template"]["spec"]
    assert (pod["automountServiceAccountToken"], "serviceAccountName" in pod) == (False, False)
    assert not {("ServiceAccount", name), ("Role", name), ("RoleBinding", name)} & set(made)


def test_nobody_takes_the_service_s_pods_for_the_operator_s() -> None:
    objects = rendered("dry", "home", *NETWORK, "service.enabled=true")
    pods = deployments("service.enabled=true")
    selectors = {
        (o["kind"], o["metadata"]["name"]): o["spec"].get("podSelector", o["spec"].get("selector"))
        for o in objects
        if o["kind"] in ("Service", "NetworkPolicy", "Deployment")
    }
    for (kind, name), selector in selectors.items():
        labels = selector.get("matchLabels", selector).items()
        chosen = {pod for pod, template in pods.items() if labels <= template["metadata"]["labels"].items()}
        assert chosen == {name.removesuffix("-metrics")}, (kind, name)


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


def network_policies(*settings: str) -> dict[str, Any]:
    """Namespace -> the NetworkPolicy that the chart puts there."""
    objects = rendered("dry", "home", *NETWORK, *settings)
    return {o["metadata"]["namespace"]: o["spec"] for o in objects if o["kind"] == "NetworkPolicy"}


def ports(rules: list[dict[str, Any]]) -> set[int | str]:
    return {port["port"] for rule in rules for port in rule["ports"]}


def test_network_policies_select_the_pods_that_there_are(team: Kubectl) -> None:
    policies = network_policies("watchNamespaces={team}")
    labels = made_for(Transcription.apply(team, "labels"))["spec"]["template"]["metadata"]["labels"]
    assert policies["team"]["podSelector"]["matchLabels"].items() <= labels.items()
    deployment = next(o for o in rendered("dry", "home") if o["kind"] == "Deployment")
    pod = deployment["spec"]["template"]
    assert policies["home"]["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert ports(policies["home"]["ingress"]) == {port["name"] for port in pod["spec"]["containers"][0]["ports"]}


def test_nobody_talks_to_runner_pods_and_they_talk_to_whom_they_need() -> None:
    runner = network_policies("watchNamespaces={team}")["team"]
    assert (runner["policyTypes"], runner["ingress"]) == (["Ingress", "Egress"], [])
    assert ports(runner["egress"]) == {53, 443, 6443, 9443, 80}, "DNS, the API server, and the two stores"
    hub = network_policies("watchNamespaces={team}", "runner.offline=false", "networkPolicy.hub.ports={8443}")["team"]
    assert ports(hub["egress"]) - ports(runner["egress"]) == {8443}


def service_policy(*settings: str) -> dict[str, Any]:
    """The NetworkPolicy of the service."""
    objects = rendered("dry", "home", *NETWORK, "service.enabled=true", *settings)
    (policy,) = [o for o in objects if o["kind"] == "NetworkPolicy" and o["metadata"]["name"].endswith("-service")]
    spec: dict[str, Any] = policy["spec"]
    return spec


def test_whom_it_is_told_may_ask_the_service_and_it_asks_nobody_that_it_does_not_need() -> None:
    alone = service_policy("networkPolicy.service.from[0].namespaceSelector.matchLabels.team=ingress")
    assert (alone["policyTypes"], alone["egress"]) == (["Ingress", "Egress"], [])
    (rule,) = alone["ingress"]
    assert rule == {
        "from": [{"namespaceSelector": {"matchLabels": {"team": "ingress"}}}],
        "ports": [{"protocol": "TCP", "port": "http"}],
    }
    (container,) = deployments("service.enabled=true")["dry-transcription-operator-service"]["spec"]["containers"]
    assert ports(alone["ingress"]) == {port["name"] for port in container["ports"]}
    with_jobs = service_policy("service.jobs.enabled=true", "service.jobs.bucket=speech")
    assert ports(with_jobs["egress"]) == {53, 443, 6443, 9443}, "DNS, the API server, and the one store that it uses"
    assert ports(service_policy("runner.offline=false", "networkPolicy.hub.ports={8443}")["egress"]) == {53, 8443}


def test_the_service_is_told_whom_it_may_believe_and_serve() -> None:
    who = ("service.trustedProxies={10.0.0.0/8,2001:db8::/32}", "service.corsOrigins={https://calls.example.com}")
    pod = deployments("service.enabled=true", *who, "service.requestsPerMinute=30")
    [container] = pod["dry-transcription-operator-service"]["spec"]["containers"]
    told = parser().parse_args(container["args"])
    assert told.trusted_proxy == ["10.0.0.0/8", "2001:db8::/32"]
    assert (told.cors_origin, told.requests_per_minute) == (["https://calls.example.com"], 30)


def test_without_watched_namespaces_the_operator_alone_is_confined_unless_others_are_named() -> None:
    assert set(network_policies()) == {"home"}
    assert set(network_policies("networkPolicy.namespaces={a,b}")) == {"home", "a", "b"}
    assert not [o for o in rendered("dry", "home") if o["kind"] == "NetworkPolicy"], "off at first"


def test_the_operator_alone_talks_to_the_sink_and_only_if_there_is_one() -> None:
    policies = network_policies("watchNamespaces={team}", *SINK)
    without = network_policies("watchNamespaces={team}")
    assert ports(policies["home"]["egress"]) - ports(without["home"]["egress"]) == {8443}
    assert policies["team"] == without["team"]


def test_the_operator_is_told_of_the_sink_as_the_chart_mounts_its_secret_and_gives_it_its_lease() -> None:
    objects = {(o["kind"], o["metadata"]["name"]): o for o in rendered("dry", "home", *SINK)}
    name = "dry-transcription-operator"
    config = yaml.safe_load(objects["ConfigMap", name]["data"]["config.yaml"])
    events = OperatorSettings.model_validate(config).events
    assert events is not None
    assert events.url == "https://events.example.com:8443/in?team=a"
    pod = objects["Deployment", name]["spec"]["template"]["spec"]
    mounts = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
    (volume,) = [volume for volume in pod["volumes"] if "secret" in volume]
    assert (mounts[volume["name"]], volume["secret"]["secretName"]) == (events.secret_folder, "sink")
    (rule,) = objects["Role", events.lease.name]["rules"]
    assert (rule["resources"], rule["resourceNames"]) == (["leases"], [events.lease.name])
    assert events.lease.namespace == objects["Role", events.lease.name]["metadata"]["namespace"] == "home"


def test_without_a_sink_nothing_of_it_is_there() -> None:
    objects = {(o["kind"], o["metadata"]["name"]): o for o in rendered("dry", "home")}
    name = "dry-transcription-operator"
    assert "events" not in yaml.safe_load(objects["ConfigMap", name]["data"]["config.yaml"])
    assert not any("secret" in volume for volume in objects["Deployment", name]["spec"]["template"]["spec"]["volumes"])
    assert not {("Role", f"{name}-events"), ("RoleBinding", f"{name}-events")} & set(objects)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("networkPolicy.enabled=true",), "networkPolicy.enabled needs to know the ports of the store"),
        (("admissionPolicy.enabled=false", "policy.maxParallelism=2"), "set admissionPolicy.enabled"),
        (JOBS[:2], "service.jobs.enabled needs service.jobs.bucket"),
        ((*JOBS, "watchNamespaces={team}"), "needs the release's namespace home among watchNamespaces"),
        ((*JOBS, "service.jobs.bucket=S3"), "service/jobs/bucket"),
        (("policy.endpoints={minio}",), "policy/endpoints/0"),
        (("policy.namespaces.team.hubOwners={mine}",), "hubOwners"),
        (("events.url=https://sink",), "events.url needs events.existingSecret"),
        (("events.url=https://me:secret@sink", "events.existingSecret=sink"), "events/url"),
    ],
)
def test_values_that_cannot_work_are_named(settings: tuple[str, ...], said: str) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        rendered("dry", "home", *settings)
    assert said in caught.value.stderr
