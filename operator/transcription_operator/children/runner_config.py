"""The runner's configuration: what the run's pods are told.

It is an annotation of the pod template, and each pod reads its own as a file. So it comes into being with the Job, in the same
request, and goes with it; no object of its own has to be made, owned, and cleared away.
"""

import json

from transcription_api.runner_config import JobReference, Recipe, ResolvedModel, ResolvedOutput, RunnerConfig
from transcription_operator.observed import Resource
from transcription_operator.resolved import ResolvedSpec
from transcription_operator.run import Run


def runner_config(resource: Resource, run: Run, resolved: ResolvedSpec) -> RunnerConfig:
    """What the run's pods are told."""
    spec, effective = resolved.spec, resolved.effective
    output, model = effective.output, effective.model
    return RunnerConfig(
        job=JobReference(
            namespace=resource.namespace,
            name=resource.name,
            uid=resource.uid,
            run_id=run.run_id,
            job_name=run.job_name,
            parallelism=resolved.pods,
        ),
        source=spec.source,
        output=ResolvedOutput(
            bucket=output.bucket, prefix=output.prefix, formats=output.formats, subtitles=spec.output.subtitles
        ),
        endpoint=effective.endpoint,
        model=ResolvedModel(name=model.name, compute_type=model.compute_type, batch_size=model.batch_size),
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
        device=effective.device,
        hub_owners=effective.hub_owners,
        estimate_only=spec.estimate_only or None,
    )


def runner_config_text(resource: Resource, run: Run, resolved: ResolvedSpec) -> str:
    """The same as JSON, on one line."""
    return json.dumps(runner_config(resource, run, resolved).wire(), ensure_ascii=False, separators=(",", ":"))
