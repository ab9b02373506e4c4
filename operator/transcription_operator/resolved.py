"""The job's spec with every default filled in: job over profile over the operator's settings over what is built in.

A run that has begun is resolved from what it recorded then, and from what the job says now where that may change.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from pydantic import ValidationError

from transcription_api.combinations import Combination, contradictions
from transcription_api.compute import Compute, Resources, Toleration
from transcription_api.effective import (
    Effective,
    EffectiveModel,
    EffectiveModelCache,
    EffectiveOutput,
    EffectiveToleration,
    recorded,
)
from transcription_api.job_settings import JobSettings
from transcription_api.profile import ProfileSpec
from transcription_api.runner_config import Recipe
from transcription_api.spec import TranscriptionJobSpec
from transcription_api.speech import ComputeType, Device, Model
from transcription_operator.handed_on import handed_on
from transcription_operator.layers import layered, said
from transcription_operator.observed import Raw
from transcription_operator.profiles import NoProfile, Profile
from transcription_operator.settings import OperatorSettings, RunnerDefaults, validation_message

MOST_KEY_BYTES = 200_000
"""Pods read their configuration from an annotation, and an object's annotations hold 256 KiB together."""

_LIMITS = (
    "parallelism",
    "max_failed_files",
    "backoff_limit",
    "backoff_limit_per_index",
    "active_deadline_seconds",
    "pending_deadline_seconds",
    "ttl_seconds_after_finished",
)
"""Settings that are recorded as they are; what the job itself says is always read from the job."""


class InvalidSpecError(Exception):
    """The spec cannot be carried out; the message says which field and what to do."""


class ProfileLackingError(Exception):
    """The run cannot begin before the job's profile is there."""

    def __init__(self, lacking: NoProfile) -> None:
        super().__init__(lacking.message)
        self.reason = lacking.reason


@dataclass(frozen=True, slots=True)
class ResolvedSpec:
    """A spec that leaves nothing open."""

    spec: TranscriptionJobSpec
    """As it stands now: what may change while a run goes on is read here."""
    effective: Effective
    """As it was when the run began."""

    @property
    def pods(self) -> int:
        """How many pods do the work. An estimate needs one, however many the run that it is about would have."""
        return 1 if self.spec.estimate_only else self.spec.parallelism


def resolve(
    raw: Raw,
    settings: OperatorSettings,
    recorded: Effective | None = None,
    profile: Profile | NoProfile | None = None,
    labels: Mapping[str, str] | None = None,
) -> ResolvedSpec:
    """Fill in what the spec leaves out. For a run that has begun, `recorded` says what it began with, and nobody else.
    `labels` are the job's; some of them its pods get, too.

    Raises InvalidSpecError, and ProfileLackingError while the job cannot have its profile.
    """
    # What a newer operator began goes on under this one, though its spec may have fields that this one does not know.
    spec = _valid(TranscriptionJobSpec, raw, "spec", unknown="ignore" if recorded else "forbid")
    if (size := sum(len(key.encode()) for key in spec.source.keys or [])) > MOST_KEY_BYTES:
        raise InvalidSpecError(f"spec.source.keys have {size} bytes together, at most {MOST_KEY_BYTES} are taken: use a prefix")
    if recorded:
        return ResolvedSpec(_as_recorded(spec, recorded), recorded)
    if isinstance(profile, NoProfile):
        raise ProfileLackingError(profile)
    if profile:
        _valid(ProfileSpec, profile.spec, f"{profile.title}: spec")
        spec = _valid(TranscriptionJobSpec, layered(raw, profile.spec), f"spec with {profile.title}: spec")
        # What stands in one object alone the API server has judged.
        if broken := contradictions(spec):
            raise InvalidSpecError("; ".join(_told(combination, raw, profile) for combination in broken))
    return ResolvedSpec(spec, _effective(spec, settings, profile, labels or {}))


def time_to_live(raw: Raw, recorded: Effective | None) -> int:
    """Seconds that the Job of an ended run stays: what the job says now, or what its run began with."""
    own = raw.get("ttlSecondsAfterFinished")
    if own is None and recorded:
        own = recorded.ttl_seconds_after_finished
    default: int = JobSettings.model_fields["ttl_seconds_after_finished"].default
    return default if own is None else int(own)


Settings = TypeVar("Settings", bound=JobSettings)


def _valid(model: type[Settings], raw: Raw, where: str, unknown: Literal["forbid", "ignore"] = "forbid") -> Settings:
    try:
        return model.model_validate(raw, extra=unknown)
    except ValidationError as error:
        raise InvalidSpecError(f"{where}.{validation_message(error)}") from error


def _told(combination: Combination, raw: Raw, profile: Profile) -> str:
    """What is wrong, and who says which part of it."""
    layers = (("the job", raw), (profile.title, profile.spec))
    parts = []
    for field in combination.fields:
        speaker, value = next(((who, value) for who, layer in layers if (value := said(layer, field)) is not None), (None, None))
        if speaker:
            parts.append(f"{field}: {json.dumps(value)} is said by {speaker}")
    return f"{combination.message} ({', '.join(parts)})"


def _as_recorded(spec: TranscriptionJobSpec, recorded: Effective) -> TranscriptionJobSpec:
    """The spec as the run began with it, but for what the job itself says: that may have changed since, where it may."""
    known: dict[str, object] = {
        name: value for name in _LIMITS if name not in spec.model_fields_set and (value := getattr(recorded, name)) is not None
    }
    if recorded.recipe:
        known |= {name: getattr(recorded.recipe, name) for name in Recipe.model_fields}
    if recorded.output.subtitles:
        known["output"] = spec.output.model_copy(update={"subtitles": recorded.output.subtitles})
    return spec.model_copy(update=known)


def _effective(
    spec: TranscriptionJobSpec, settings: OperatorSettings, profile: Profile | None, labels: Mapping[str, str]
) -> Effective:
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
        profile=profile.reference() if profile else None,
        endpoint=_given(spec.storage.endpoint or settings.storage.endpoint, "storage.endpoint"),
        secret_name=_given(spec.storage.secret_name or settings.storage.secret_name, "storage.secretName"),
        ca_secret_name=settings.storage.ca_secret,
        output=EffectiveOutput(
            bucket=spec.output.bucket or spec.source.bucket,
            prefix=spec.output.prefix,
            formats=spec.output.formats,
            subtitles=spec.output.subtitles,
        ),
        model=_model(spec.model, runner.model, device),
        recipe=Recipe(**{name: getattr(spec, name) for name in Recipe.model_fields}),
        **{name: getattr(spec, name) for name in _LIMITS},
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
        hub_owners=runner.hub_owners or None,
        env={variable.name: variable.value for variable in runner.env},
        pod=_additions(settings, labels, on_gpu),
    )


def _additions(settings: OperatorSettings, labels: Mapping[str, str], on_gpu: bool) -> str | None:
    """What pods get besides, as it is recorded."""
    given = settings.runner.pod
    added = given.model_copy(
        update={
            "labels": {**given.labels, **handed_on(labels, settings.propagate_labels)},
            "affinity": given.affinity if on_gpu else None,
        }
    )
    return recorded(added)


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
