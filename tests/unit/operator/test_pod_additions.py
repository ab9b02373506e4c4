"""What an administrator adds to runner pods reaches them, is recorded with the run, and is out of users' hands."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.operator.world import SETTINGS, Job, a_job, a_running_job
from transcription_api.names import ANNOTATION_CONFIG
from transcription_operator.plan import StartRun
from transcription_operator.settings import ModelCache, OperatorSettings

NODES: dict[str, Any] = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": []}]}}
TOKEN = {"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "hub", "key": "token"}}}
GROUP_VOLUME = {"name": "corpus", "persistentVolumeClaim": {"claimName": "corpus", "readOnly": True}}
ADDED: dict[str, Any] = {
    "labels": {"cost-centre": "speech"},
    "annotations": {"example.com/scrape": "yes"},
    "affinity": {"nodeAffinity": NODES},
    "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}],
    "env": [TOKEN],
    "volumes": [GROUP_VOLUME],
    "volumeMounts": [{"name": "corpus", "mountPath": "/corpus", "readOnly": True}],
    "user": {"runAsUser": 2000, "fsGroup": 3000, "supplementalGroups": [4000]},
}


def settings(pod: dict[str, Any] | None = None, labels: list[str] | None = None, **runner: Any) -> OperatorSettings:
    document = SETTINGS.wire()
    document["runner"] |= {"pod": pod or {}, **runner}
    return OperatorSettings.model_validate({**document, "propagateLabels": labels or []})


def template_of(job: Job, operator: OperatorSettings) -> dict[str, Any]:
    (start,) = [action for action in job.reconcile(settings=operator).children if isinstance(action, StartRun)]
    template: dict[str, Any] = start.job["spec"]["template"]
    return template


def test_every_addition_reaches_the_pods() -> None:
    template = template_of(a_job(), settings(ADDED))
    pod = template["spec"]
    (container,) = pod["containers"]
    assert template["metadata"]["labels"]["cost-centre"] == "speech"
    assert template["metadata"]["annotations"]["example.com/scrape"] == "yes"
    assert pod["affinity"] == {"nodeAffinity": NODES}
    assert pod["topologySpreadConstraints"][0]["topologyKey"] == "zone"
    assert TOKEN in container["env"]
    assert GROUP_VOLUME in pod["volumes"]
    assert {"name": "corpus", "mountPath": "/corpus", "readOnly": True} in container["volumeMounts"]


def test_pods_run_as_the_user_that_is_given_and_no_less_confined() -> None:
    pod = template_of(a_job(), settings(ADDED))["spec"]
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 2000,
        "fsGroup": 3000,
        "supplementalGroups": [4000],
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_a_user_that_the_values_leave_out_is_for_the_namespace_to_give() -> None:
    job = a_job()
    operator = settings({"user": {}})
    assert template_of(job, operator)["spec"]["securityContext"] == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    job.reconciled(9, operator).children.clear()
    assert "runAsUser" not in template_of(job, settings())["spec"]["securityContext"]


@pytest.mark.parametrize(
    "written", ["[" * 2000, '{"affinity":' + '{"a":' * 2000, "nothing", '{"user": {"runAsUser": 0}}', '{"later": 1}']
)
def test_what_somebody_wrote_into_a_status_adds_nothing_and_stops_nobody(written: str) -> None:
    job = a_job().reconciled(9, settings(ADDED))
    job.status["effective"]["pod"] = written
    job.children.clear()
    template = template_of(job, settings())
    assert template["spec"]["securityContext"]["runAsUser"] == 65532
    assert "affinity" not in template["spec"]


def test_no_part_of_a_status_nests_as_deep_as_its_writer_likes() -> None:
    crd = (Path(__file__).parents[3] / "crds" / "transcriptionjobs.yaml").read_text()
    assert "x-kubernetes-preserve-unknown-fields" not in crd


def test_labels_have_room_on_a_pod() -> None:
    with pytest.raises(ValidationError, match="at most 32 together"):
        settings({"labels": {f"l{n}": "x" for n in range(30)}}, labels=["a", "b", "c"])


def test_without_additions_none_are_recorded_so_that_an_older_crd_has_nothing_to_drop() -> None:
    assert "pod" not in a_job().reconciled().status["effective"]


def test_a_job_that_has_to_be_made_again_has_what_its_run_began_with() -> None:
    job = a_job().labelled(team="blue")
    first = template_of(job, settings(ADDED, ["team"]))
    job.reconciled(9, settings(ADDED, ["team"])).children.clear()
    assert template_of(job.labelled(team="red"), settings()) == first


def test_a_value_from_a_secret_takes_the_place_of_a_plain_one() -> None:
    operator = settings({"env": [TOKEN]}, env=[{"name": "HF_TOKEN", "value": "plain"}])
    env = template_of(a_job(), operator)["spec"]["containers"][0]["env"]
    assert [variable for variable in env if variable["name"] == "HF_TOKEN"] == [TOKEN]


def test_affinity_is_for_pods_that_take_a_gpu() -> None:
    assert "affinity" not in template_of(a_job().asking(compute={"device": "cpu"}), settings(ADDED))["spec"]
    assert "affinity" not in template_of(a_job().asking(estimateOnly=True), settings(ADDED))["spec"]


def test_a_node_whose_gpu_died_is_avoided_beside_what_affinity_says() -> None:
    from transcription_operator.children.pod import pod_spec
    from transcription_operator.resolved import resolve

    wish = {"weight": 1, "preference": {"matchExpressions": []}}
    given = {"nodeAffinity": {**NODES, "preferredDuringSchedulingIgnoredDuringExecution": [wish]}, "podAffinity": {}}
    effective = resolve({"source": {"bucket": "calls"}}, settings({"affinity": given})).effective
    affinity = pod_spec(effective, ["dead"])["affinity"]
    assert affinity["podAffinity"] == {}
    assert affinity["nodeAffinity"] | NODES == affinity["nodeAffinity"]
    first, second = affinity["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert (first, second["weight"]) == (wish, 100)


# --- labels that are handed on ------------------------------------------------------------------------------------


def test_of_a_jobs_labels_pods_get_those_that_are_named() -> None:
    job = a_job().labelled(team="blue", example_com__project="calls", other="x")
    labels = template_of(job, settings(labels=["team", "example-com/project", "absent"]))["metadata"]["labels"]
    assert (labels["team"], labels["example-com/project"]) == ("blue", "calls")
    assert "other" not in labels
    assert "absent" not in labels


def test_without_being_named_no_label_is_handed_on() -> None:
    assert "team" not in template_of(a_job().labelled(team="blue"), settings())["metadata"]["labels"]


@pytest.mark.parametrize(
    "key",
    [
        "app.kubernetes.io/name",
        "batch.kubernetes.io/job-name",
        "kubernetes.io/anything",
        "kueue.x-k8s.io/queue-name",
        "transcription.whisperx.dev/job-uid",
        "sub.transcription.whisperx.dev/x",
        "no key",
        "",
    ],
)
def test_no_label_by_which_objects_are_known_can_be_handed_on(key: str) -> None:
    with pytest.raises(ValidationError, match="propagateLabels"):
        settings(labels=[key])


def test_what_is_added_cannot_pass_for_what_the_operator_says() -> None:
    ours = template_of(a_job(), settings())["metadata"]
    for part, key in (("labels", "app.kubernetes.io/name"), ("annotations", ANNOTATION_CONFIG)):
        assert key in ours[part]
        with pytest.raises(ValidationError, match="the operator sets"):
            settings({part: {key: "x"}})


# --- what is refused when the operator starts ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pod", "said"),
    [
        ({"env": [{"name": "S3_SECRET_KEY", "valueFrom": TOKEN["valueFrom"]}]}, "S3_SECRET_KEY: the operator sets"),
        ({"env": [{"name": "A", "valueFrom": {}}]}, "one of them"),
        ({"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}}]}, "fieldRef"),
        ({"volumes": [{"name": "token", "emptyDir": {}}]}, "the operator has one of this name"),
        ({"volumes": [{"name": "root", "hostPath": {"path": "/"}}]}, "needs a name and one of configMap, secret"),
        ({"volumes": [{"name": "two", "emptyDir": {}, "secret": {"secretName": "x"}}]}, "needs a name and one of"),
        ({"volumeMounts": [{"name": "config", "mountPath": "/x"}]}, "no additional volume of this name"),
        ({"volumes": [{"name": "a", "emptyDir": {}}] * 2}, "volume a: there are several"),
        (
            {"volumes": [{"name": "a", "emptyDir": {}}], "volumeMounts": [{"name": "a", "mountPath": "/tmp/"}]},
            "mountPath /tmp: the op",
        ),
        (
            {"volumes": [{"name": "a", "emptyDir": {}}], "volumeMounts": [{"name": "a", "mountPath": "/a"}] * 2},
            "mountPath /a: there are several",
        ),
        ({"user": {"runAsUser": 0}}, "greater than or equal to 1"),
        ({"user": {"seLinuxOptions": {}}}, "seLinuxOptions"),
        ({"annotations": {f"a{n}": "x" * 1000 for n in range(9)}}, "8192 are recorded"),
    ],
)
def test_mistakes_are_said_at_the_start(pod: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        settings(pod)


def test_a_plain_variable_cannot_take_the_stores_keys_place() -> None:
    with pytest.raises(ValidationError, match="S3_ACCESS_KEY: the operator sets"):
        settings(env=[{"name": "S3_ACCESS_KEY", "value": "mine"}])


# --- the store's authority, and where models come from ------------------------------------------------------------


def test_the_stores_authority_is_mounted_from_a_secret_and_a_missing_one_is_for_the_runner_to_say() -> None:
    operator = SETTINGS.model_copy(update={"storage": SETTINGS.storage.model_copy(update={"ca_secret": "store-ca"})})
    pod = template_of(a_job(), operator)["spec"]
    (volume,) = [volume for volume in pod["volumes"] if volume["name"] == "store-ca"]
    assert volume["secret"]["secretName"] == "store-ca"
    assert volume["secret"]["optional"] is True
    (mount,) = [mount for mount in pod["containers"][0]["volumeMounts"] if mount["name"] == "store-ca"]
    assert {"name": "S3_CA_FILE", "value": f"{mount['mountPath']}/ca.crt"} in pod["containers"][0]["env"]


@pytest.mark.parametrize(
    ("cache", "volume"),
    [
        ({"existingClaim": "models"}, {"persistentVolumeClaim": {"claimName": "models"}}),
        ({"hostPath": "/srv/models", "readOnly": True}, {"hostPath": {"path": "/srv/models", "type": "Directory"}}),
        (
            {"image": "registry/models:1", "imagePullPolicy": "Always", "readOnly": True},
            {"image": {"reference": "registry/models:1", "pullPolicy": "Always"}},
        ),
    ],
)
def test_models_come_from_a_claim_a_folder_of_the_node_or_an_image(cache: dict[str, Any], volume: dict[str, Any]) -> None:
    pod = template_of(a_job(), settings(modelCache=cache))["spec"]
    assert {"name": "model-cache", **volume} in pod["volumes"]
    (mount,) = [mount for mount in pod["containers"][0]["volumeMounts"] if mount["name"] == "model-cache"]
    assert mount.get("readOnly", False) is cache.get("readOnly", False)


@pytest.mark.parametrize(
    "cache", [{}, {"existingClaim": "a", "image": "b", "readOnly": True}, {"hostPath": "/srv"}, {"image": "models:1"}]
)
def test_models_come_from_one_place_and_nobody_writes_to_the_node(cache: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"one of them|readOnly must be true"):
        ModelCache.model_validate(cache)


def test_a_running_job_does_not_notice_other_additions() -> None:
    plan = a_running_job().reconcile(9, settings(ADDED, ["team"]))
    assert (plan.children, plan.status) == ((), None)
