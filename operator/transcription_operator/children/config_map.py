"""The run's ConfigMap: the runner's configuration as one JSON file."""

import json
from typing import Any

from transcription_api.names import CONFIG_FILE
from transcription_api.runner_config import JobReference, Recipe, RunnerConfig
from transcription_operator.children.ownership import child_labels, owner_reference
from transcription_operator.observed import Resource
from transcription_operator.resolved import ResolvedSpec
from transcription_operator.run import Run


def runner_config(resource: Resource, run: Run, resolved: ResolvedSpec) -> RunnerConfig:
    """What the run's pods are told."""
    spec = resolved.spec
    return RunnerConfig(
        job=JobReference(
            namespace=resource.namespace,
            name=resource.name,
            uid=resource.uid,
            run_id=run.run_id,
            job_name=run.job_name,
            parallelism=spec.parallelism,
        ),
        source=spec.source,
        output=resolved.output,
        endpoint=resolved.endpoint,
        model=resolved.model,
        recipe=Recipe(
            language=spec.language,
            task=spec.task,
            audio=spec.audio,
            language_detection=spec.language_detection,
            decoding=spec.decoding,
            vad=spec.vad,
            alignment=spec.alignment,
            diarization=spec.diarization,
        ),
        device=resolved.device,
    )


def config_map(resource: Resource, run: Run, resolved: ResolvedSpec) -> dict[str, Any]:
    """The ConfigMap that the run's pods mount."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": run.job_name,
            "namespace": resource.namespace,
            "labels": child_labels(resource),
            "ownerReferences": [owner_reference(resource)],
        },
        "data": {CONFIG_FILE: json.dumps(runner_config(resource, run, resolved).wire(), indent=2, ensure_ascii=False)},
    }
