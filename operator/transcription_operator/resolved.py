"""The job's spec with every default filled in: from what the run recorded when it began, or else from the operator's settings."""

from dataclasses import dataclass

from pydantic import ValidationError

from transcription_api.effective import Effective, EffectiveModel, EffectiveModelCache, EffectiveOutput, EffectiveToleration
from transcription_api.spec import Compute, Resources, Toleration, TranscriptionJobSpec
from transcription_api.speech import ComputeType, Device, Model
from transcription_operator.observed import Raw
from transcription_operator.settings import OperatorSettings, RunnerDefaults, validation_message

MOST_KEY_BYTES = 200_000
"""Pods read their configuration from an annotation, and an object's annotations hold 256 KiB together."""


class InvalidSpecError(Exception):
    """The spec cannot be carried out; the message says which field and what to do."""


@dataclass(frozen=True, slots=True)
class ResolvedSpec:
    """A spec that leaves nothing open."""

    spec: TranscriptionJobSpec
    """As it stands now: what may change while a run goes on is read here."""
    effective: Effective
    """As it was when the run began."""


def resolve(raw: Raw, settings: OperatorSettings, recorded: Effective | None = None) -> ResolvedSpec:
    """Fill in what the spec leaves out. `recorded` is that of a run that has begun: `settings` have no say in it any more.

    Raises InvalidSpecError.
    """
    try:
        spec = TranscriptionJobSpec.model_validate(raw)
    except ValidationError as error:
        raise InvalidSpecError(f"spec.{validation_message(error)}") from error
    if (size := sum(len(key.encode()) for key in spec.source.keys or [])) > MOST_KEY_BYTES:
        raise InvalidSpecError(f"spec.source.keys have {size} bytes together, at most {MOST_KEY_BYTES} are taken: use a prefix")
    return ResolvedSpec(spec, recorded or _effective(spec, settings))


def _effective(spec: TranscriptionJobSpec, settings: OperatorSettings) -> Effective:
    compute, runner = spec.compute, settings.runner
    device = compute.device or runner.device
    claim_template = compute.resource_claim_template_name if compute.device != "cpu" else None
    gpu_resource = None if claim_template else _gpu_resource(compute, runner, device)
    on_gpu = bool(claim_template or gpu_resource)
    node_selector = runner.node_selector if on_gpu else {}
    tolerations: list[Toleration] = runner.tolerations if on_gpu else []
    resources = compute.resources if compute.resources and compute.resources.wire() else runner.resources
    requests, limits = _quantities(resources)
    return Effective(
        endpoint=_given(spec.storage.endpoint or settings.storage.endpoint, "storage.endpoint"),
        secret_name=_given(spec.storage.secret_name or settings.storage.secret_name, "storage.secretName"),
        output=EffectiveOutput(
            bucket=spec.output.bucket or spec.source.bucket, prefix=spec.output.prefix, formats=spec.output.formats
        ),
        model=_model(spec.model, runner.model, device),
        device=device,
        gpu_resource=gpu_resource,
        resource_claim_template_name=claim_template,
        node_selector=dict(compute.node_selector if compute.node_selector is not None else node_selector),
        tolerations=[
            EffectiveToleration.model_validate(t.wire())
            for t in (compute.tolerations if compute.tolerations is not None else tolerations)
        ],
        priority_class_name=compute.priority_class_name or runner.priority_class_name,
        runtime_class_name=compute.runtime_class_name or (runner.runtime_class_name if on_gpu else None),
        requests=requests,
        # Among the limits: Kubernetes takes a GPU's request from there.
        limits={**limits, **({gpu_resource: "1"} if gpu_resource else {})},
        image=runner.image,
        image_pull_policy=runner.image_pull_policy,
        image_pull_secrets=runner.image_pull_secrets,
        scratch_size=str(runner.scratch_size),
        model_path=runner.model_path,
        model_cache=EffectiveModelCache.model_validate(runner.model_cache.wire()) if runner.model_cache else None,
        offline=runner.offline,
        env={variable.name: variable.value for variable in runner.env},
    )


def _given(value: str | None, field: str) -> str:
    if not value:
        raise InvalidSpecError(f"spec.{field} is not set and the operator has no default for it: set one of them")
    return value


def _model(given: Model, default: Model, device: Device) -> EffectiveModel:
    return EffectiveModel(
        name=_given(given.name or default.name, "model.name"),
        compute_type=given.compute_type or _default_compute_type(default.compute_type, device),
        batch_size=given.batch_size or default.batch_size,
    )


def _default_compute_type(default: ComputeType | None, device: Device) -> ComputeType:
    """The operator's default where the device can compute in it; a CPU has no float16."""
    if default is not None and not (device == "cpu" and default.value.endswith("float16")):
        return default
    return ComputeType.INT8 if device == "cpu" else ComputeType.FLOAT16


def _quantities(resources: Resources) -> tuple[dict[str, str], dict[str, str]]:
    """Requests and limits, as text."""
    amounts = resources.wire()
    requests, limits = ({name: str(v) for name, v in amounts.get(part, {}).items()} for part in ("requests", "limits"))
    return requests, limits


def _gpu_resource(compute: Compute, runner: RunnerDefaults, device: Device) -> str | None:
    """A GPU for cuda; and for a job that names the resource and leaves the device open, whatever the default device is."""
    if device == "cuda":
        return compute.gpu_resource or runner.gpu_resource
    return compute.gpu_resource if compute.device is None else None
