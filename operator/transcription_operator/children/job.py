"""The child Job of a run: Indexed, one pod an index, each pod a share of the files.

It carries what its run began with: it is made before status speaks of the first run, and an operator that comes back with other
settings must not record those. It is made without `activeDeadlineSeconds`: a Job counts the time in which its pods wait for a
GPU, too; see policies/deadlines.py.

A time to live of SAFE_TTL seconds or more it has from the beginning. A shorter one is set once status records the end: were the
Job gone before, with the operator down, the run would look as if it had never ended, and would start again.
"""

import json
from typing import Any

from transcription_api.names import (
    ANNOTATION_AVOIDED_NODES,
    ANNOTATION_CONFIG,
    ANNOTATION_EFFECTIVE,
    ANNOTATION_RUN,
    FINAL_EXIT_CODES,
    LABEL_QUEUE,
    RUNNER_CONTAINER,
    ExitCode,
)
from transcription_api.spec import TranscriptionJobSpec
from transcription_operator.children.estimate import without_gpu
from transcription_operator.children.ownership import child_labels, owner_reference
from transcription_operator.children.pod import pod_spec
from transcription_operator.children.runner_config import runner_config_text
from transcription_operator.last_applied import Applied
from transcription_operator.observed import Resource
from transcription_operator.resolved import ResolvedSpec
from transcription_operator.run import Run

SAFE_TTL = 3600
"""An operator that is away for as long after a run's end finds the Job gone, and runs again: what is transcribed is skipped."""
_QUEUE_LABELS = (LABEL_QUEUE, "kueue.x-k8s.io/priority-class")


def job(resource: Resource, run: Run, resolved: ResolvedSpec) -> dict[str, Any]:
    """The Job as it is created."""
    spec, labels = resolved.spec, child_labels(resource)
    queue = {name: resource.labels[name] for name in _QUEUE_LABELS if name in resource.labels}
    avoided = (resource.status.avoided_nodes or []) if run.recorded else []  # else of the run before
    works_with = without_gpu(resolved.effective) if spec.estimate_only else resolved.effective
    added = works_with.added
    # Ours last: nothing that is added can pass for it.
    pod_metadata = {
        "labels": {**added.labels, **labels},
        "annotations": {**added.annotations, ANNOTATION_CONFIG: runner_config_text(resource, run, resolved)},
    }
    time_to_live = {"ttlSecondsAfterFinished": spec.ttl_seconds_after_finished}
    body = {
        **(time_to_live if spec.ttl_seconds_after_finished >= SAFE_TTL else {}),
        "completionMode": "Indexed",
        "completions": resolved.pods,
        "parallelism": resolved.pods,
        **_backoff(spec),
        "suspend": spec.suspend,
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": pod_failure_policy(),
        "template": {"metadata": pod_metadata, "spec": pod_spec(works_with, avoided)},
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": run.job_name,
            "namespace": resource.namespace,
            "labels": {**labels, **queue},
            "annotations": {
                ANNOTATION_RUN: run.run_id,
                ANNOTATION_EFFECTIVE: json.dumps(resolved.effective.wire(), separators=(",", ":")),
                **Applied(spec.suspend, resolved.pods).annotation(),
                **({ANNOTATION_AVOIDED_NODES: ",".join(avoided)} if avoided else {}),
            },
            "ownerReferences": [owner_reference(resource)],
        },
        "spec": body,
    }


def _backoff(spec: TranscriptionJobSpec) -> dict[str, int]:
    """One limit or the other: with one for each index, Kubernetes counts all indexes together only if told to."""
    if spec.backoff_limit_per_index is None:
        return {"backoffLimit": spec.backoff_limit}
    return {"backoffLimitPerIndex": spec.backoff_limit_per_index}


def pod_failure_policy() -> dict[str, Any]:
    """Which failed pods end the run at once, which cost a retry, and which cost nothing (the first rule that fits counts)."""
    return {
        "rules": [
            {"action": "FailJob", "onExitCodes": _exit_codes(*FINAL_EXIT_CODES)},
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
            {"action": "Ignore", "onExitCodes": _exit_codes(ExitCode.INTERRUPTED)},
        ]
    }


def _exit_codes(*codes: ExitCode) -> dict[str, Any]:
    return {"containerName": RUNNER_CONTAINER, "operator": "In", "values": sorted(int(code) for code in codes)}
