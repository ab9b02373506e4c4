"""What a run began with stays in effect for it, whatever the operator's settings become."""

import json
from typing import Any

from tests.unit.operator.world import SETTINGS, Job, a_job, a_running_job
from transcription_api.names import ANNOTATION_CONFIG
from transcription_api.runner_config import RunnerConfig
from transcription_operator.plan import DeleteJob, StartRun
from transcription_operator.settings import OperatorSettings

STRICTER = OperatorSettings.model_validate(
    {
        "storage": {"secretName": "another"},
        "runner": {
            "image": "runner:2",
            "model": {"name": "another"},
            "device": "cpu",
            "env": [{"name": "HF_HUB_OFFLINE", "value": "1"}],
        },
    }
)
"""No default endpoint any more, and everything else is different."""

EVERYTHING = OperatorSettings.model_validate(
    {
        "storage": {"endpoint": "http://minio.storage.svc.cluster.local:9000"},
        "runner": {
            "image": "registry.example/transcription-runner@sha256:" + "a" * 64,
            "imagePullSecrets": ["registry"],
            "nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB"},
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
            "runtimeClassName": "nvidia",
            "priorityClassName": "batch",
            "resources": {"requests": {"cpu": 4, "memory": "16Gi"}, "limits": {"memory": "32Gi"}},
            "modelPath": "/models/folder",
            "modelCache": {"existingClaim": "models"},
            "env": [{"name": "OMP_NUM_THREADS", "value": "4"}],
        },
    }
)


def started_job(job: Job, settings: OperatorSettings) -> dict[str, Any]:
    """The Job that the operator would make now."""
    (start,) = [action for action in job.reconcile(9, settings).children if isinstance(action, StartRun)]
    return {"job": start.job, "config": json.loads(start.job["spec"]["template"]["metadata"]["annotations"][ANNOTATION_CONFIG])}


def test_what_is_in_effect_is_recorded_when_the_run_begins() -> None:
    job = a_job().asking(model={"name": "owner/large"}, output={"prefix": "texts/"})
    effective = job.reconciled().status["effective"]
    assert job.status["model"] == "large"
    assert (effective["endpoint"], effective["secretName"]) == ("http://minio:9000", "minio-credentials")
    cues = {"maxLineWidth": 42, "maxLineCount": 2, "highlightWords": False}
    formats = ["json", "tsv", "txt", "vtt", "srt"]
    assert effective["output"] == {"bucket": "calls", "prefix": "texts/", "formats": formats, "subtitles": cues}
    assert effective["recipe"]["decoding"]["beamSize"] == 5
    assert (effective["parallelism"], effective["backoffLimit"], effective["ttlSecondsAfterFinished"]) == (1, 3, 3600)
    assert effective["model"] == {"name": "owner/large", "computeType": "float16"}
    assert (effective["device"], effective["gpuResource"], effective["image"]) == ("cuda", "nvidia.com/gpu", "runner:1")
    assert effective["nodeSelector"] == {"gpu": "a100"}
    assert effective["tolerations"] == [{"key": "gpu", "operator": "Exists"}]
    assert effective["limits"] == {"nvidia.com/gpu": "1"}


def test_a_model_in_a_folder_is_called_by_the_folders_name() -> None:
    assert a_job().asking(model={"name": "/models/mine/"}).reconciled().status["model"] == "mine"


def test_an_operator_with_stricter_settings_leaves_a_running_job_alone() -> None:
    job = a_running_job()
    plan = job.reconcile(9, STRICTER)
    assert (plan.children, plan.status) == ((), None)


def test_a_job_that_has_to_be_made_again_is_the_job_that_the_run_began_with() -> None:
    job = a_job()
    first = started_job(job, EVERYTHING)
    job.reconciled(9, EVERYTHING).children.clear()
    assert started_job(job, STRICTER) == first
    RunnerConfig.model_validate(first["config"])


def test_the_next_run_takes_the_settings_of_its_time() -> None:
    job = a_running_job(storage={"endpoint": "http://s3:80"}).asking(runId="2")
    job.apply(job.reconcile(9, STRICTER))
    made = started_job(job, STRICTER)
    assert job.status["model"] == made["config"]["model"]["name"] == "another"
    assert job.status["effective"]["limits"] == {}, "nothing is left of the run before"
    assert job.status["effective"]["nodeSelector"] == {}
    assert made["job"]["spec"]["template"]["spec"]["containers"][0]["image"] == "runner:2"


def test_a_new_run_that_the_settings_do_not_allow_fails_and_takes_the_old_job_along() -> None:
    job = a_running_job()
    old = job.job_name
    job.asking(runId="2").reconciled(9, STRICTER)
    assert (job.status["phase"], job.condition("Failed")["reason"]) == ("Failed", "InvalidSpec")
    assert old not in job.children
    assert "effective" not in job.status
    assert job.reconcile(10, STRICTER).settled


def test_a_running_job_whose_spec_cannot_be_read_any_more_leaves_no_pod_on_a_gpu() -> None:
    job = a_running_job().asking(parallelism="many")
    job.apply(job.reconcile(9))
    assert job.condition("Failed")["reason"] == "InvalidSpec"
    assert job.reconcile(9).children == (DeleteJob(job.job_name, f"uid-{job.job_name}"),)
    job.reconciled(9)
    assert (job.children, job.pods) == ({}, {})


def test_what_is_recorded_is_a_few_kilobytes() -> None:
    job = a_job().reconciled(settings=EVERYTHING)
    assert len(json.dumps(job.status["effective"])) < 2048


def test_a_recorded_value_that_this_version_cannot_read_is_computed_anew() -> None:
    job = a_running_job()
    job.raw["status"]["effective"] = {"fromTheFuture": True}
    job.reconciled(9)
    assert job.status["phase"] == "Running"
    assert job.status["effective"]["endpoint"] == SETTINGS.storage.endpoint
