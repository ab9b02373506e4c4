"""What values add reaches the objects, the operator and its policies in the same words."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.charts.programs import CHART, rendered
from transcription_operator.settings import OperatorSettings, load_settings
from transcription_runner.cli import parser

FULL, SERVICE, AIR_GAPPED, NAMESPACES = (
    ("-f", str(CHART / "ci" / f"{name}-values.yaml")) for name in ("full", "service", "air-gapped", "namespaces")
)
OPERATOR, PULL = "speech-transcription-operator", "speech-transcription-operator-models"


def objects(*flags: str) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(rendered(*flags)) if document]


def one(kind: str, name: str, *flags: str) -> dict[str, Any]:
    (found,) = [o for o in objects(*flags) if o["kind"] == kind and o["metadata"]["name"] == name]
    return found


def settings(folder: Path, *flags: str) -> OperatorSettings:
    file = folder / "config.yaml"
    file.write_text(one("ConfigMap", OPERATOR, *flags)["data"]["config.yaml"])
    return load_settings(file)


@pytest.mark.parametrize("flags", [FULL, SERVICE, AIR_GAPPED, NAMESPACES])
def test_the_operator_can_read_all_that_the_chart_tells_it(flags: tuple[str, str], tmp_path: Path) -> None:
    settings(tmp_path, *flags)


def test_the_operator_is_told_every_addition(tmp_path: Path) -> None:
    told = settings(tmp_path, *FULL)
    pod = told.runner.pod
    assert (told.storage.ca_secret, told.propagate_labels) == ("store-ca", ["team", "example.com/project"])
    assert [variable.name for variable in told.runner.env] == ["OMP_NUM_THREADS"]
    assert [variable.name for variable in pod.env] == ["HF_TOKEN", "HF_ENDPOINT"]
    assert [volume["name"] for volume in pod.volumes] == ["corpus", "words", "licence", "room"]
    assert pod.user is not None
    assert (pod.user.run_as_user, pod.user.supplemental_groups) == (20000, [4000])
    assert pod.affinity
    assert pod.topology_spread_constraints


def test_with_the_chart_as_it_comes_runs_record_no_additions(tmp_path: Path) -> None:
    assert settings(tmp_path).runner.pod.wire() == {
        "labels": {},
        "annotations": {},
        "topologySpreadConstraints": [],
        "env": [],
        "volumes": [],
        "volumeMounts": [],
    }


def test_models_come_from_where_the_values_say(tmp_path: Path) -> None:
    for flags, source in ((FULL, "existing_claim"), (SERVICE, "host_path"), (AIR_GAPPED, "image")):
        cache = settings(tmp_path, *flags).runner.model_cache
        assert cache is not None
        assert getattr(cache, source)
        assert cache.read_only is (source != "existing_claim")


def test_the_policy_for_the_operators_pods_names_what_is_added_and_nothing_else() -> None:
    policy = json.dumps(one("ValidatingAdmissionPolicy", f"{OPERATOR}-operator-pods", *FULL))
    for named in ("corpus corpus", "words words", "licence licence", "store-ca store-ca", "HF_TOKEN hub token", "[4000]"):
        assert named in policy
    assert "volume.hostPath" not in policy
    usual = json.dumps(one("ValidatingAdmissionPolicy", f"{OPERATOR}-operator-pods"))
    for kind in ("volume.secret)", "volume.configMap)", "volume.image)", "volume.hostPath)"):
        assert kind not in usual


def test_the_node_s_folder_is_admitted_by_its_path_and_read_only() -> None:
    policy = json.dumps(one("ValidatingAdmissionPolicy", f"{OPERATOR}-operator-pods", *SERVICE))
    assert 'volume.hostPath.path == \\"/srv/models\\"' in policy
    assert "mount.?readOnly.orValue(false)" in policy


def test_common_labels_are_on_every_object_and_select_nothing() -> None:
    for thing in objects(*FULL):
        if thing["kind"] not in ("CustomResourceDefinition", "Pod") and "labels" in thing["metadata"]:
            assert thing["metadata"]["labels"]["team"] == "speech", thing["metadata"]["name"]
        if thing["kind"] == "Deployment":
            assert "team" not in thing["spec"]["selector"]["matchLabels"]
            assert thing["spec"]["template"]["metadata"]["labels"]["team"] == "speech"


def test_extra_objects_are_read_as_templates() -> None:
    assert one("ConfigMap", "speech-notes", *FULL)["data"] == {"chart": "transcription-operator"}
    assert one("ConfigMap", "speech-more", *FULL)


def test_a_null_leaves_the_user_to_the_namespace(tmp_path: Path) -> None:
    assert settings(tmp_path, *SERVICE).runner.pod.user is not None
    for name in (OPERATOR, f"{OPERATOR}-service"):
        pod = one("Deployment", name, *SERVICE)["spec"]["template"]["spec"]
        assert pod["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


# --- pods that the chart runs itself ------------------------------------------------------------------------------


def pulls(*flags: str) -> list[dict[str, Any]]:
    return [o for o in objects(*flags) if o["kind"] == "Job"]


def test_models_are_fetched_in_words_that_the_runner_knows_into_the_claim_of_each_namespace() -> None:
    assert [job["metadata"]["namespace"] for job in pulls(*NAMESPACES)] == ["team-a", "team-b"]
    (job,) = pulls(*FULL)
    pod = job["spec"]["template"]["spec"]
    told = parser().parse_args(pod["containers"][0]["args"])
    assert (told.names, told.align, str(told.to)) == (["large-v2"], "en,es", "/models")
    assert {"name": "model-cache", "persistentVolumeClaim": {"claimName": PULL}} in pod["volumes"]
    assert not any(variable["name"] == "HF_HUB_OFFLINE" for variable in pod["containers"][0]["env"])
    claim = one("PersistentVolumeClaim", PULL, *FULL)
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert claim["spec"]["resources"]["requests"]["storage"] == "20Gi"


def test_other_models_make_another_job_since_none_can_be_changed() -> None:
    (first,), (again,), (other,) = (
        pulls(*FULL),
        pulls(*FULL, "--set", "workers=4"),
        pulls(*FULL, "--set", "runner.modelCache.pull.models={large-v3}"),
    )
    assert first["metadata"]["name"] == again["metadata"]["name"] != other["metadata"]["name"]


def test_helm_test_checks_with_what_jobs_get_in_words_that_the_runner_knows() -> None:
    pods = {o["metadata"]["name"]: o for o in objects(*FULL) if o["kind"] == "Pod"}
    assert set(pods) == {f"{OPERATOR}-check", f"{OPERATOR}-check-service"}
    assert all(pod["metadata"]["annotations"]["helm.sh/hook"] == "test" for pod in pods.values())
    (container,) = pods[f"{OPERATOR}-check"]["spec"]["containers"]
    told = parser().parse_args(container["args"])
    assert (told.model, told.device, told.no_speed) == ("large-v2", "cuda", True)
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1
    (container,) = pods[f"{OPERATOR}-check-service"]["spec"]["containers"]
    service = one("Service", f"{OPERATOR}-service", *FULL)
    assert container["command"][-1] == f"http://{service['metadata']['name']}.home/readyz"
    assert [port["port"] for port in service["spec"]["ports"]] == [80]


def test_without_the_service_nobody_asks_it() -> None:
    assert [o["metadata"]["name"] for o in objects() if o["kind"] == "Pod"] == [f"{OPERATOR}-check"]
