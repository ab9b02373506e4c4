"""The job's spec with every default filled in from the operator's configuration."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from transcription_api.runner_config import ResolvedModel, ResolvedOutput
from transcription_api.spec import Compute, Resources, Toleration, TranscriptionJobSpec
from transcription_api.speech import ComputeType, Device, Model
from transcription_operator.observed import Raw
from transcription_operator.settings import OperatorSettings, RunnerDefaults, validation_message


class InvalidSpecError(Exception):
    """The spec cannot be carried out; the message says which field and what to do."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a run's pods go, and what they get there."""

    gpu_resource: str | None
    """The resource to take one of; None: no GPU."""
    node_selector: dict[str, str]
    tolerations: list[dict[str, Any]]
    priority_class_name: str | None
    runtime_class_name: str | None
    resources: Resources


@dataclass(frozen=True, slots=True)
class ResolvedSpec:
    """A spec that leaves nothing open."""

    spec: TranscriptionJobSpec
    endpoint: str
    secret_name: str
    output: ResolvedOutput
    model: ResolvedModel
    device: Device
    placement: Placement


def resolve(raw: Raw, settings: OperatorSettings) -> ResolvedSpec:
    """Fill in what the spec leaves out. Raises InvalidSpecError."""
    try:
        spec = TranscriptionJobSpec.model_validate(raw)
    except ValidationError as error:
        raise InvalidSpecError(f"spec.{validation_message(error)}") from error
    runner = settings.runner
    device = spec.compute.device or runner.device
    return ResolvedSpec(
        spec=spec,
        endpoint=_given(spec.storage.endpoint or settings.storage.endpoint, "storage.endpoint"),
        secret_name=_given(spec.storage.secret_name or settings.storage.secret_name, "storage.secretName"),
        output=ResolvedOutput(
            bucket=spec.output.bucket or spec.source.bucket,
            prefix=spec.output.prefix,
            formats=spec.output.formats,
            subtitles=spec.output.subtitles,
        ),
        model=_model(spec.model, runner.model, device),
        device=device,
        placement=_placement(spec.compute, runner, device),
    )


def _given(value: str | None, field: str) -> str:
    if not value:
        raise InvalidSpecError(f"spec.{field} is not set and the operator has no default for it: set one of them")
    return value


def _model(given: Model, default: Model, device: Device) -> ResolvedModel:
    return ResolvedModel(
        name=_given(given.name or default.name, "model.name"),
        compute_type=given.compute_type or _default_compute_type(default.compute_type, device),
        batch_size=given.batch_size or default.batch_size,
    )


def _default_compute_type(default: ComputeType | None, device: Device) -> ComputeType:
    """The operator's default where the device can compute in it; a CPU has no float16."""
    if default is not None and not (device == "cpu" and default.value.endswith("float16")):
        return default
    return ComputeType.INT8 if device == "cpu" else ComputeType.FLOAT16


def _placement(compute: Compute, runner: RunnerDefaults, device: Device) -> Placement:
    gpu_resource = _gpu_resource(compute, runner, device)
    on_gpu = gpu_resource is not None
    node_selector = runner.node_selector if on_gpu else {}
    tolerations: list[Toleration] = runner.tolerations if on_gpu else []
    return Placement(
        gpu_resource=gpu_resource,
        node_selector=dict(compute.node_selector if compute.node_selector is not None else node_selector),
        tolerations=[t.wire() for t in (compute.tolerations if compute.tolerations is not None else tolerations)],
        priority_class_name=compute.priority_class_name or runner.priority_class_name,
        runtime_class_name=compute.runtime_class_name or (runner.runtime_class_name if on_gpu else None),
        resources=compute.resources if compute.resources and compute.resources.wire() else runner.resources,
    )


def _gpu_resource(compute: Compute, runner: RunnerDefaults, device: Device) -> str | None:
    """A GPU for cuda; and for a job that names the resource and leaves the device open, whatever the default device is."""
    if device == "cuda":
        return compute.gpu_resource or runner.gpu_resource
    return compute.gpu_resource if compute.device is None else None
