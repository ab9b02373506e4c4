"""What is in effect for a run: the spec with every default filled in, computed once when the run begins.

Whatever an administrator or the owner of a profile changes afterwards concerns later runs alone; a Job that has to be made again
is made from this. What only a job can say (source, suspend, runId) is not repeated. A status that an older operator wrote lacks
what it did not know; the spec has it then.
"""

import json
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, ValidationError

from transcription_api.compute import Toleration
from transcription_api.contract import ATOMIC, Record
from transcription_api.pod_additions import PodAdditions
from transcription_api.runner_config import Recipe
from transcription_api.speech import ComputeType, Device, Format, Subtitles

Name = Annotated[str, Field(max_length=253)]
Count = Annotated[int, Field(ge=0)]
Text = Annotated[str, Field(max_length=1024)]
Quantities = Annotated[dict[str, Annotated[str, Field(max_length=64)]], Field(max_length=8)]
Variables = Annotated[dict[str, Annotated[str, Field(max_length=4096)]], Field(max_length=64)]

MOST_VARIABLE_CHARACTERS = 4096
"""Of all names and values of environment variables together: they are recorded, and a status stays small."""


class EffectiveOutput(Record):
    """Where transcripts go."""

    bucket: Name
    """The bucket."""
    prefix: Text
    """Put before the source object's key."""
    formats: Annotated[list[Format], Field(max_length=5, json_schema_extra=ATOMIC)]
    """The files written for each source object."""
    subtitles: Subtitles | None = None
    """How SRT and VTT cues are cut."""


class EffectiveProfile(Record):
    """The profile that filled in what the job left out."""

    kind: Literal["TranscriptionProfile", "ClusterTranscriptionProfile"]
    """Its kind."""
    name: Name
    """Its name."""
    generation: Annotated[int, Field(ge=0)] = 0
    """Which version of its spec it was: metadata.generation."""


class EffectiveModel(Record):
    """The speech recognition model."""

    name: Name
    """The model's name, hub name or folder."""
    compute_type: ComputeType
    """The number format to compute in."""
    batch_size: Annotated[int, Field(ge=1)] | None = None
    """How many chunks are recognised at once; left out, as many as the device's memory holds."""


class EffectiveToleration(Toleration):
    """As in a pod's spec."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={})


class EffectiveModelCache(Record):
    """A volume of models."""

    existing_claim: Name | None = None
    """The PersistentVolumeClaim."""
    host_path: Text | None = None
    """The folder of the node."""
    image: Text | None = None
    """The OCI image whose files are mounted."""
    image_pull_policy: Annotated[str, Field(max_length=16)] | None = None
    """When that image is pulled."""
    mount_path: Text
    """Where it is mounted."""
    read_only: bool = False
    """Whether pods cannot write there."""


class EffectivePod(PodAdditions):
    """What the operator's configuration adds to pods."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={})


class Effective(Record):
    """What a run works with, nothing left to default."""

    profile: EffectiveProfile | None = None
    """The profile that filled in what the job left out; left out, there was none."""
    endpoint: Name
    """The store's address."""
    secret_name: Name
    """The Secret with the store's credentials."""
    ca_secret_name: Name | None = None
    """The Secret with the certificates that the store's is checked with, beside the publicly known ones."""
    output: EffectiveOutput
    """Where transcripts go."""
    model: EffectiveModel
    """The speech recognition model."""
    recipe: Recipe | None = None
    """How speech is found, recognised, aligned and attributed to speakers."""
    parallelism: Count | None = None
    """How many pods there were to be; what the job itself says now counts."""
    max_failed_files: Count | None = None
    """How many files might fail; what the job itself says now counts."""
    backoff_limit: Count | None = None
    """How many failed pods are replaced."""
    backoff_limit_per_index: Count | None = None
    """How many failed pods of one shard are replaced."""
    active_deadline_seconds: Count | None = None
    """How long the run may be running."""
    pending_deadline_seconds: Count | None = None
    """How long the run may wait for a pod."""
    ttl_seconds_after_finished: Count | None = None
    """When the child Job and its pods were to be removed; what the job itself says now counts."""
    device: Device
    """What pods compute on."""
    gpu_resource: Name | None = None
    """The resource that every pod gets one of."""
    resource_claim_template_name: Name | None = None
    """The ResourceClaimTemplate from which every pod claims its GPU. With neither, pods get no GPU."""
    node_selector: Annotated[dict[str, Annotated[str, Field(max_length=63)]], Field(max_length=32)] = Field(default_factory=dict)
    """Labels that a node must carry."""
    tolerations: Annotated[list[EffectiveToleration], Field(max_length=32, json_schema_extra=ATOMIC)] = Field(
        default_factory=list
    )
    """Taints that pods tolerate."""
    priority_class_name: Name | None = None
    """The pods' PriorityClass."""
    runtime_class_name: Name | None = None
    """The pods' RuntimeClass."""
    requests: Quantities = Field(default_factory=dict)
    """What the scheduler sets aside for each pod."""
    limits: Quantities = Field(default_factory=dict)
    """What each pod may not exceed; GPUs are among them."""
    image: Text
    """The runner's image."""
    image_pull_policy: Annotated[str, Field(max_length=16)]
    """When the image is pulled."""
    image_pull_secrets: Annotated[list[Name], Field(max_length=16, json_schema_extra=ATOMIC)] = Field(default_factory=list)
    """Secrets for the image's registry."""
    scratch_size: Annotated[str, Field(max_length=64)]
    """Upper bound of a pod's temporary files."""
    model_path: Annotated[str, Field(max_length=4096)] | None = None
    """Folders in which the runner looks a model name up."""
    model_cache: EffectiveModelCache | None = None
    """A volume of models."""
    offline: bool = False
    """Whether model hubs are never asked."""
    hub_owners: Annotated[list[Name], Field(max_length=64, json_schema_extra=ATOMIC)] | None = None
    """Whose models may come from the hub; left out, anybody's, but pickles (diarization) only pyannote's."""
    env: Variables = Field(default_factory=dict)
    """Environment variables of the runner that the operator's configuration adds."""
    pod: Annotated[str, Field(max_length=16384)] | None = None
    """What else the operator's configuration adds to pods, and the labels that the job handed on to them, as JSON."""

    @property
    def added(self) -> EffectivePod:
        """`pod`, read. Somebody else may have written it: what cannot be read adds nothing."""
        try:
            return EffectivePod.model_validate_json(self.pod or "{}")
        except ValidationError:
            return EffectivePod()

    @property
    def on_gpu(self) -> bool:
        """Whether every pod gets a GPU."""
        return bool(self.gpu_resource or self.resource_claim_template_name)


def recorded(added: PodAdditions) -> str | None:
    """As a run records it; None where it is nothing, so that an older CRD has nothing to drop.

    It is text since parts of it may nest as deep as their writer likes: a status that did would be one that no reader of the API
    survives.
    """
    some = {name: value for name, value in added.wire().items() if value or name == "user"}
    return json.dumps(some, ensure_ascii=False, separators=(",", ":")) if some else None
