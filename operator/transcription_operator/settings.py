"""The operator's configuration: one YAML file, written by the chart, checked whole before anything starts."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from transcription_api.compute import Resources, Toleration
from transcription_api.contract import Contract
from transcription_api.effective import MOST_VARIABLE_CHARACTERS
from transcription_api.patterns import DnsSubdomain, Endpoint, ExtendedResource, HubOwner, LabelMap, Quantity, SinkUrl
from transcription_api.pod_additions import PodAdditions
from transcription_api.speech import ComputeType, Device, Model
from transcription_operator.handed_on import fault_of_label
from transcription_operator.pod_additions import RESERVED_VARIABLES, faults

Port = Annotated[int, Field(ge=1, le=65535)]


class StorageDefaults(Contract):
    """The store for jobs that name none."""

    endpoint: Endpoint | None = None
    """Address of the S3-compatible store, as pods reach it."""
    secret_name: DnsSubdomain | None = "minio-credentials"
    """Secret in the job's own namespace."""
    ca_secret: DnsSubdomain | None = None
    """Secret in the job's own namespace; its ca.crt (PEM) is what the store's certificate is checked with, beside the publicly
    known authorities."""


class ModelCache(Contract):
    """A volume of models: filled beforehand, or keeping what pods download from one to the next. It is one of three."""

    existing_claim: DnsSubdomain | None = None
    """PersistentVolumeClaim in the job's namespace; several pods mount it at once."""
    host_path: Annotated[str, Field(max_length=1024, pattern=r"^/")] | None = None
    """Folder of every node; pods only read it. No namespace that enforces Pod Security (baseline, restricted) lets them."""
    image: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    """OCI image whose files are mounted, read-only."""
    image_pull_policy: Annotated[str, Field(pattern="^(Always|IfNotPresent|Never)$")] | None = None
    """When that image is pulled."""
    mount_path: Annotated[str, Field(min_length=1, max_length=1024)] = "/models"
    """Where it is mounted; model hubs' caches are put below it, unless it is read-only."""
    read_only: bool = False
    """true: pods cannot write there; what a hub sends goes to the scratch volume."""

    @model_validator(mode="after")
    def _one_volume(self) -> Self:
        if sum(source is not None for source in (self.existing_claim, self.host_path, self.image)) != 1:
            raise ValueError("needs existingClaim, hostPath or image, one of them")
        if not self.existing_claim and not self.read_only:
            raise ValueError("readOnly must be true with hostPath and with image")
        return self


class EnvVar(Contract):
    """A plain environment variable of the runner."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
    value: str = ""


class RunnerDefaults(Contract):
    """What runner pods are made of, where the job's spec leaves it open."""

    image: Annotated[str, Field(min_length=1, max_length=1024)]
    """The runner's image."""
    image_pull_policy: Annotated[str, Field(pattern="^(Always|IfNotPresent|Never)$")] = "IfNotPresent"
    image_pull_secrets: Annotated[list[DnsSubdomain], Field(max_length=16)] = Field(default_factory=list)
    device: Device = "cuda"
    gpu_resource: ExtendedResource = "nvidia.com/gpu"
    """The resource that pods on cuda get one of."""
    model: Model = Model(name="large-v2", compute_type=ComputeType.FLOAT16)
    node_selector: LabelMap = Field(default_factory=dict)
    """For pods that get a GPU."""
    tolerations: Annotated[list[Toleration], Field(max_length=32)] = Field(default_factory=list)
    """For pods that get a GPU."""
    runtime_class_name: DnsSubdomain | None = None
    """For pods that get a GPU."""
    priority_class_name: DnsSubdomain | None = None
    resources: Resources = Resources()
    scratch_size: Quantity = "20Gi"
    """Upper bound of a pod's temporary files."""
    model_path: Annotated[str, Field(max_length=4096)] | None = None
    """Colon-separated folders in which the runner looks a model name up; left out, what the image says."""
    model_cache: ModelCache | None = None
    offline: bool = True
    """true: model hubs are never asked, and a job whose model is neither in the image nor in the model cache fails."""
    hub_owners: Annotated[list[HubOwner], Field(max_length=64)] = Field(default_factory=list)
    """Whose models may come from the hub; empty: anybody's, but pickles (diarization) only pyannote's."""
    env: Annotated[list[EnvVar], Field(max_length=64)] = Field(default_factory=list)
    """Plain environment variables. They are recorded in the status of every run, so nothing secret belongs here."""
    pod: PodAdditions = PodAdditions()
    """What else every pod gets, as in a pod's spec; no job can say any of it."""

    @field_validator("env")
    @classmethod
    def _few_characters(cls, env: list[EnvVar]) -> list[EnvVar]:
        if sum(len(variable.name) + len(variable.value) for variable in env) > MOST_VARIABLE_CHARACTERS:
            raise ValueError(f"names and values together have more than {MOST_VARIABLE_CHARACTERS} characters")
        if taken := [variable.name for variable in env if variable.name in RESERVED_VARIABLES]:
            raise ValueError(f"{', '.join(taken)}: the operator sets these itself")
        return env

    @field_validator("pod")
    @classmethod
    def _sound(cls, pod: PodAdditions) -> PodAdditions:
        if found := faults(pod):
            raise ValueError("; ".join(found))
        return pod


class Price(Contract):
    """What a GPU costs."""

    gpu_hour: Annotated[float, Field(ge=0, le=1_000_000)] = 0
    """For one pod's GPU, whatever part of a device that is; 0: forecasts tell no cost."""
    currency: Annotated[str, Field(max_length=16)] = ""
    """What it is counted in, as it is to be shown."""


class LeaseName(Contract):
    """The Lease by which one operator tells the sink, of however many there are."""

    namespace: DnsSubdomain
    """The operator's own."""
    name: DnsSubdomain = "transcription-operator-events"
    seconds: Annotated[int, Field(ge=2, le=3600)] = 30
    """An operator that did not renew it for so long is taken for dead, and another one goes on."""


class EventSink(Contract):
    """Where the transitions of TranscriptionJobs are told, as CloudEvents. Nothing of it comes from a job."""

    url: SinkUrl
    """Where to POST them."""
    secret_folder: Annotated[str, Field(min_length=1, max_length=1024)] = "/etc/transcription-events"
    """A mounted Secret: signingKey; if wanted, headers and ca.crt."""
    timeout_seconds: Annotated[float, Field(gt=0, le=30)] = 10
    """From the connection to the answer's headers."""
    source: Annotated[str, Field(max_length=253, pattern=r"^([A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/@%-]*[^/])?$")] = ""
    """What every event's source begins with, such as https://cluster-a.example.com; it tells clusters apart."""
    lease: LeaseName


class OperatorSettings(Contract):
    """Everything that an administrator decides."""

    version: str = "unreleased"
    """The operator's version, as metrics show it."""
    watch_namespaces: list[DnsSubdomain] = Field(default_factory=list)
    """Namespaces to serve; empty: all."""
    runner_role: str = "transcription-runner"
    """ClusterRole that the runner's service account is bound to."""
    ensure_runner_access: bool = True
    """Whether the operator makes the runner's service account and role binding where jobs appear; else the chart does."""
    metrics_port: Port = 8080
    health_port: Port = 8081
    workers: Annotated[int, Field(ge=1, le=128)] = 8
    """Objects that are reconciled at the same time."""
    resync_seconds: Annotated[float, Field(gt=0)] = 600
    """How often everything is listed anew, in case a watch lost something."""
    watch_silence_seconds: Annotated[float, Field(gt=0)] = 70
    """A watch on which nothing came for so long is opened anew; the API server sends something every minute at least."""
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    log_format: Literal["text", "json"] = "text"
    """text: for people; json: one object a line, with the fields namespace, name, uid and run where it is about a job."""
    propagate_labels: Annotated[list[str], Field(max_length=16)] = Field(default_factory=list)
    """Labels of a TranscriptionJob that its pods get too, by key, so that their cost can be told apart. None of Kubernetes' own,
    nor of ours, by which objects are known."""
    price: Price = Price()
    storage: StorageDefaults = StorageDefaults()
    events: EventSink | None = None
    """Where transitions are told; left out, nowhere."""
    runner: RunnerDefaults

    @field_validator("propagate_labels")
    @classmethod
    def _nobodys_own(cls, keys: list[str]) -> list[str]:
        if found := [fault for key in keys if (fault := fault_of_label(key))]:
            raise ValueError("; ".join(found))
        return keys

    @model_validator(mode="after")
    def _labels_have_room(self) -> Self:
        given, handed = len(self.runner.pod.labels), len(self.propagate_labels)
        if given + handed > MOST_LABELS:
            raise ValueError(
                f"runner.pod.labels and propagateLabels are {given} and {handed} labels, at most {MOST_LABELS} together"
            )
        return self


MOST_LABELS = 32
"""On a pod beside the operator's own."""


class SettingsError(Exception):
    """The configuration file is missing or wrong; the message says where and what."""


def load_settings(path: Path) -> OperatorSettings:
    """Read the file at `path`. Raises SettingsError."""
    try:
        document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise SettingsError(f"{path}: is not YAML: {error}") from error
    try:
        return OperatorSettings.model_validate(document)
    except ValidationError as error:
        raise SettingsError(f"{path}: {validation_message(error)}") from error


def validation_message(error: ValidationError) -> str:
    """One line for all faults: field path and what is wrong with it."""
    return "; ".join(f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors())
