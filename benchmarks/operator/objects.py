"""The objects that are made by the thousand, and where they live."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from transcription_api.names import API_VERSION, GROUP, KIND, LABEL_JOB_NAME, LABEL_JOB_UID, PLURAL, VERSION

Document = dict[str, Any]

PODS_LABEL = "bench.transcription.whisperx.dev/pods"
"""On nodes that are not there: what becomes of pods on them, QUICK or LASTING. Also the taint that keeps others' pods away."""
QUICK, LASTING = "quick", "lasting"

_MADE_BY_SERVER = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink", "namespace")
_MADE_BY_JOB_CONTROLLER = {"batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "controller-uid", "job-name"}


def transcription_jobs(namespace: str, name: str = "") -> str:
    """The path of the collection, or of one."""
    return f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{PLURAL}" + (f"/{name}" if name else "")


def jobs(namespace: str, name: str = "") -> str:
    """The path of the collection, or of one."""
    return f"/apis/batch/v1/namespaces/{namespace}/jobs" + (f"/{name}" if name else "")


def core(namespace: str, plural: str, name: str = "") -> str:
    """The path of a collection of the core group, or of one object."""
    return f"/api/v1/namespaces/{namespace}/{plural}" + (f"/{name}" if name else "")


def transcription_job(name: str, pods: str = QUICK, **spec: Any) -> Document:
    """A job on the CPU whose pods go to nodes that are not there."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": name},
        "spec": {
            "source": {"bucket": "calls", "prefix": f"{name}/"},
            "compute": {
                "device": "cpu",
                "nodeSelector": {PODS_LABEL: pods},
                "tolerations": [{"key": PODS_LABEL, "operator": "Exists", "effect": "NoSchedule"}],
                "resources": {"requests": {"cpu": "1"}},
            },
            **spec,
        },
    }


@dataclass(frozen=True)
class Template:
    """What the operator makes for one job: the plain client makes the same, under other names."""

    owner: Document
    job: Document
    status: Document

    def for_owner(self, owner: Document) -> Document:
        """The Job of another TranscriptionJob."""
        return _renamed(self.job, owner)


def template(owner: Document, job: Document, first_status: Document) -> Template:
    """From the objects as the API server holds them: without what it, and the Job controller, added."""
    job = {key: value for key, value in job.items() if key != "status"}
    spec = {key: value for key, value in job["spec"].items() if key not in ("selector", "manualSelector")}
    pod = spec["template"]
    labels = {key: value for key, value in pod["metadata"]["labels"].items() if key not in _MADE_BY_JOB_CONTROLLER}
    spec["template"] = {**pod, "metadata": {"labels": labels, "annotations": pod["metadata"].get("annotations", {})}}
    job_metadata = _own(job["metadata"])
    job_metadata["labels"] = {k: v for k, v in job_metadata["labels"].items() if k not in _MADE_BY_JOB_CONTROLLER}
    return Template(owner=owner, job={**job, "metadata": job_metadata, "spec": spec}, status=first_status)


def _own(metadata: Document) -> Document:
    return {key: value for key, value in metadata.items() if key not in _MADE_BY_SERVER}


def _renamed(document: Document, owner: Document) -> Document:
    made = copy.deepcopy(document)
    name, uid = owner["metadata"]["name"], owner["metadata"]["uid"]
    made["metadata"]["name"] = f"{name}-plain"
    made["metadata"]["ownerReferences"] = [{**made["metadata"]["ownerReferences"][0], "name": name, "uid": uid}]
    for metadata in (made["metadata"], made["spec"]["template"]["metadata"]):
        metadata["labels"] = {**metadata["labels"], LABEL_JOB_NAME: name[:63], LABEL_JOB_UID: uid}
    return made
