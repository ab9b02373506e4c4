"""The objects that a run is made of."""

import json
from typing import Any

import pytest

from tests.unit.operator.world import SETTINGS, Job, a_job
from transcription_api.names import ANNOTATION_CONFIG, CONFIG_FILE, POD_GRACE_SECONDS, RUNNER_GRACE_SECONDS, ExitCode
from transcription_api.runner_config import RunnerConfig
from transcription_api.termination import TERMINATION_FILE
from transcription_operator.plan import StartRun
from transcription_operator.settings import ModelCache


def start_of(job: Job, **runner: Any) -> StartRun:
    settings = SETTINGS.model_copy(update={"runner": SETTINGS.runner.model_copy(update=runner)})
    (action,) = job.reconcile(settings=settings).children
    assert isinstance(action, StartRun)
    return action


def pod_of(job: Job, **runner: Any) -> dict[str, Any]:
    pod: dict[str, Any] = start_of(job, **runner).job["spec"]["template"]["spec"]
    return pod


def environment(pod: dict[str, Any]) -> dict[str, Any]:
    return {variable["name"]: variable.get("value", variable.get("valueFrom")) for variable in pod["containers"][0]["env"]}


def test_the_job_is_indexed_and_sized_by_parallelism() -> None:
    spec = start_of(a_job().asking(parallelism=4, backoffLimit=7, activeDeadlineSeconds=60)).job["spec"]
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 4, 4)
    assert (spec["backoffLimit"], spec["suspend"]) == (7, False)
    assert "activeDeadlineSeconds" not in spec, "the Job would count the time in which its pods wait for a GPU"


def test_a_limit_for_each_index_takes_the_place_of_the_one_for_all() -> None:
    spec = start_of(a_job().asking(backoffLimit=7, backoffLimitPerIndex=2)).job["spec"]
    assert spec["backoffLimitPerIndex"] == 2
    assert "backoffLimit" not in spec


def test_a_suspended_job_is_made_suspended() -> None:
    assert start_of(a_job().asking(suspend=True)).job["spec"]["suspend"] is True


def test_final_exit_codes_end_the_job_and_disruptions_cost_nothing() -> None:
    rules = start_of(a_job()).job["spec"]["podFailurePolicy"]["rules"]
    assert [rule["action"] for rule in rules] == ["FailJob", "Ignore", "Ignore"]
    assert rules[0]["onExitCodes"]["values"] == [ExitCode.STORE_REFUSED, ExitCode.CONFIGURATION]
    assert rules[1]["onPodConditions"] == [{"type": "DisruptionTarget", "status": "True"}]
    assert rules[2]["onExitCodes"]["values"] == [ExitCode.INTERRUPTED]


def test_children_belong_to_the_resource_and_never_block_its_deletion() -> None:
    child = start_of(a_job("calls")).job
    (owner,) = child["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"], owner["controller"]) == (
        "TranscriptionJob",
        "calls",
        "uid-of-calls",
        True,
    )
    assert "blockOwnerDeletion" not in owner
    assert child["metadata"]["labels"]["transcription.whisperx.dev/job-uid"] == "uid-of-calls"


def test_a_long_name_fits_a_label() -> None:
    label = start_of(a_job("a." * 31 + "b" * 60)).job["metadata"]["labels"]["transcription.whisperx.dev/job-name"]
    assert len(label) <= 63
    assert label[-1].isalnum()


def test_the_queue_goes_to_the_job_where_kueue_looks_for_it_and_not_to_pods() -> None:
    job = start_of(a_job().queued("gpu")).job
    assert job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "gpu"
    assert "kueue.x-k8s.io/queue-name" not in job["spec"]["template"]["metadata"]["labels"]


def test_the_pod_gets_one_gpu_on_a_node_that_the_spec_names() -> None:
    a100 = {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB"}
    job = a_job().asking(
        compute={
            "device": "cuda",
            "nodeSelector": a100,
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
            "priorityClassName": "high",
            "runtimeClassName": "nvidia",
            "resources": {"requests": {"cpu": "4"}, "limits": {"memory": "32Gi"}},
        }
    )
    pod = pod_of(job)
    assert pod["containers"][0]["resources"] == {
        "requests": {"cpu": "4"},
        "limits": {"memory": "32Gi", "nvidia.com/gpu": "1"},
    }
    assert pod["nodeSelector"] == a100
    assert pod["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert (pod["priorityClassName"], pod["runtimeClassName"]) == ("high", "nvidia")


def test_the_pod_claims_its_gpu_from_the_template_that_the_spec_names() -> None:
    pod = pod_of(a_job().asking(compute={"resourceClaimTemplateName": "one-gpu", "resources": {"limits": {"memory": "32Gi"}}}))
    (claim,) = pod["resourceClaims"]
    assert claim["resourceClaimTemplateName"] == "one-gpu"
    assert pod["containers"][0]["resources"] == {"limits": {"memory": "32Gi"}, "claims": [{"name": claim["name"]}]}
    assert pod["nodeSelector"] == {"gpu": "a100"}, "the operator's selector is for GPU nodes"


def test_a_cpu_pod_asks_for_no_gpu_and_no_gpu_node() -> None:
    pod = pod_of(a_job().asking(compute={"device": "cpu"}))
    assert pod["containers"][0]["resources"] == {}
    assert "nodeSelector" not in pod
    assert "tolerations" not in pod


def test_the_pod_is_as_weak_as_it_can_be() -> None:
    pod = pod_of(a_job())
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert pod["serviceAccountName"] == "transcription-runner"
    assert pod["restartPolicy"] == "Never"
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_token_is_projected_short_lived_and_comes_with_the_ca() -> None:
    volumes = {volume["name"]: volume for volume in pod_of(a_job())["volumes"]}
    token, authority = volumes["token"]["projected"]["sources"]
    assert token["serviceAccountToken"] == {"path": "token", "expirationSeconds": 3600}
    assert authority["configMap"]["name"] == "kube-root-ca.crt"
    assert volumes["scratch"]["emptyDir"]["sizeLimit"] == "20Gi"


def test_credentials_come_from_the_secret_by_reference() -> None:
    env = environment(pod_of(a_job().asking(storage={"secretName": "mine"})))
    assert env["S3_ACCESS_KEY"] == {"secretKeyRef": {"name": "mine", "key": "accessKey"}}
    assert env["S3_SECRET_KEY"] == {"secretKeyRef": {"name": "mine", "key": "secretKey"}}
    assert env["POD_NAME"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    assert (env["HOME"], env["XDG_CACHE_HOME"]) == ("/tmp", "/tmp/cache")


def test_a_pod_has_longer_to_end_than_its_runner_takes_and_says_why_it_ended_where_kubernetes_looks() -> None:
    pod = pod_of(a_job())
    assert pod["terminationGracePeriodSeconds"] == POD_GRACE_SECONDS > RUNNER_GRACE_SECONDS
    assert pod["containers"][0]["terminationMessagePath"] == TERMINATION_FILE


def test_fetched_audio_may_fill_half_of_the_scratch_volume() -> None:
    pod = pod_of(a_job())
    volume = next(volume for volume in pod["volumes"] if volume["name"] == "scratch")
    assert volume["emptyDir"]["sizeLimit"] == "20Gi"
    assert environment(pod)["TRANSCRIPTION_SCRATCH_BYTES"] == str(10 * 2**30)


def test_a_model_cache_is_mounted_and_hubs_write_there() -> None:
    pod = pod_of(a_job(), model_cache=ModelCache(existing_claim="models", mount_path="/cache"), offline=True)
    assert {"name": "model-cache", "mountPath": "/cache"} in pod["containers"][0]["volumeMounts"]
    assert {"name": "model-cache", "persistentVolumeClaim": {"claimName": "models"}} in pod["volumes"]
    env = environment(pod)
    assert (env["HF_HOME"], env["HF_HUB_OFFLINE"]) == ("/cache/huggingface", "1")


def test_of_a_read_only_volume_of_models_nothing_is_written_and_hubs_write_to_the_scratch_volume() -> None:
    pod = pod_of(a_job(), model_cache=ModelCache(existing_claim="models", read_only=True))
    assert {"name": "model-cache", "mountPath": "/models", "readOnly": True} in pod["containers"][0]["volumeMounts"]
    env = environment(pod)
    assert env["XDG_CACHE_HOME"].startswith("/tmp/")
    assert not any(str(value).startswith("/models") for name, value in env.items() if name != "TRANSCRIPTION_MODEL_PATH")


@pytest.mark.parametrize("run_id", ["", "second"])
def test_the_file_that_the_pod_mounts_is_what_the_runner_reads(run_id: str) -> None:
    job = a_job().asking(
        runId=run_id,
        parallelism=2,
        language="es",
        source={"bucket": "calls", "prefix": "2026/"},
        model={"name": "large-v3"},
        decoding={"initialPrompt": "ñandú"},
        audio={"channels": "split", "channelNames": ["agent", "customer"]},
        languageDetection={"minProbability": 0.7},
        alignment={"method": "attention"},
    )
    start = start_of(job)
    template = start.job["spec"]["template"]
    config = RunnerConfig.model_validate(json.loads(template["metadata"]["annotations"][ANNOTATION_CONFIG]))
    (item,) = next(v for v in template["spec"]["volumes"] if v["name"] == "config")["downwardAPI"]["items"]
    assert (item["path"], item["fieldRef"]["fieldPath"]) == (CONFIG_FILE, f"metadata.annotations['{ANNOTATION_CONFIG}']")
    assert (config.job.namespace, config.job.name, config.job.uid) == ("team", "calls", "uid-of-calls")
    assert (config.job.run_id, config.job.job_name, config.job.parallelism) == (run_id, start.job["metadata"]["name"], 2)
    assert (config.source.prefix, config.recipe.language, config.recipe.decoding.initial_prompt) == ("2026/", "es", "ñandú")
    assert (config.recipe.audio.channel_names, config.recipe.alignment.method) == (["agent", "customer"], "attention")
    assert (config.model.name, config.recipe.language_detection.min_probability) == ("large-v3", 0.7)
    assert (config.device, config.endpoint) == ("cuda", "http://minio:9000")
