"""What a user asks for: the spec of a TranscriptionJob, with the rules that the API server enforces."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from transcription_api.contract import ATOMIC, SET, Contract, rules
from transcription_api.names import MAX_PARALLELISM
from transcription_api.patterns import (
    BucketName,
    DnsSubdomain,
    Endpoint,
    ExtendedResource,
    Glob,
    KeyPrefix,
    LabelMap,
    ObjectKey,
    Quantity,
    RunId,
)
from transcription_api.speech import (
    Alignment,
    AudioSettings,
    Decoding,
    Device,
    Diarization,
    Format,
    Language,
    LanguageDetection,
    Model,
    Subtitles,
    Task,
    Vad,
)


class Source(Contract):
    """Which objects to transcribe: all audio below a prefix, or the listed keys."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            ("!has(self.keys) || !has(self.prefix)", "source.prefix and source.keys exclude each other: give one", ".prefix"),
            (
                "!has(self.keys) || (!has(self.include) && !has(self.exclude))",
                "source.include and source.exclude filter a prefix and cannot be combined with source.keys",
                ".keys",
            ),
        )
    )

    bucket: BucketName
    """The bucket that holds the audio."""
    prefix: KeyPrefix | None = None
    """Only objects whose key starts with this; left out together with keys, the whole bucket."""
    keys: Annotated[list[ObjectKey], Field(min_length=1, max_length=256, json_schema_extra=SET)] | None = None
    """The objects to transcribe, by full key; for more than 256 use a prefix."""
    include: Annotated[list[Glob], Field(min_length=1, max_length=64, json_schema_extra=SET)] | None = None
    """Globs on the key below the prefix, such as **/*.wav; left out, every known audio and video suffix."""
    exclude: Annotated[list[Glob], Field(max_length=64, json_schema_extra=SET)] | None = None
    """Globs on the key below the prefix that are left out."""
    min_files: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    """With fewer files than this in the source the job is Failed; 0: an empty source is no failure."""


class Output(Contract):
    """Where transcripts go, and in which formats."""

    bucket: BucketName | None = None
    """The bucket to write to; left out, the source bucket."""
    prefix: KeyPrefix = "transcripts/"
    """Put before the source object's key: with transcripts/, a/x.wav becomes transcripts/a/x.wav.srt."""
    formats: Annotated[list[Format], Field(min_length=1, max_length=5, json_schema_extra=SET)] = list(Format)
    """The files to write for each source object."""
    subtitles: Subtitles = Subtitles()
    """How SRT and VTT cues are cut."""


class Storage(Contract):
    """The S3-compatible store. What is left out comes from the operator's configuration."""

    endpoint: Endpoint | None = None
    """The store's address, such as http://minio:9000."""
    secret_name: DnsSubdomain | None = None
    """A Secret in this namespace with the keys accessKey and secretKey."""


class Toleration(Contract):
    """As in a pod's spec: lets pods run on nodes with a matching taint."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            ("!has(self.value) || self.operator == 'Equal'", "value needs the operator Equal", ".value"),
            ("has(self.key) || self.operator == 'Exists'", "without a key the operator must be Exists", ".operator"),
            (
                "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
                "tolerationSeconds needs the effect NoExecute",
                ".tolerationSeconds",
            ),
        )
    )

    key: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    """The taint's key; left out, every taint."""
    operator: Literal["Exists", "Equal"] = "Equal"
    """How key and value are compared."""
    value: Annotated[str, Field(max_length=63)] | None = None
    """The taint's value."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """The taint's effect; left out, every effect."""
    toleration_seconds: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    """How long a NoExecute taint is tolerated."""


class ResourceList(Contract):
    """Amounts for the runner container. GPUs are not set here, but by compute.gpuResource or resourceClaimTemplateName."""

    cpu: Quantity | None = None
    """Cores, such as 4 or 500m."""
    memory: Quantity | None = None
    """Bytes, such as 16Gi."""
    ephemeral_storage: Annotated[Quantity | None, Field(alias="ephemeral-storage")] = None
    """Bytes of scratch space, such as 20Gi."""


def _request_within_limit(name: str, access: str) -> tuple[str, str, str]:
    request, limit = f"self.requests{access}", f"self.limits{access}"
    return (
        f"!has(self.requests) || !has(self.limits) || !has({request}) || !has({limit}) "
        f"|| quantity(string({request})).compareTo(quantity(string({limit}))) <= 0",
        f"resources.requests.{name} must not be greater than resources.limits.{name}",
        ".requests",
    )


class Resources(Contract):
    """Resource requests and limits of the runner container."""

    model_config = ConfigDict(
        json_schema_extra=rules(_request_within_limit("cpu", ".cpu"), _request_within_limit("memory", ".memory"))
    )

    requests: ResourceList | None = None
    """What the scheduler sets aside."""
    limits: ResourceList | None = None
    """What the container may not exceed."""


class Compute(Contract):
    """Where pods run. What is left out comes from the operator's configuration."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "!has(self.gpuResource) || !has(self.device) || self.device != 'cpu'",
                "compute.gpuResource is for pods on a GPU, and compute.device is cpu: remove one of them",
                ".gpuResource",
            ),
            (
                "!has(self.resourceClaimTemplateName) || !has(self.device) || self.device != 'cpu'",
                "compute.resourceClaimTemplateName is for pods on a GPU, and compute.device is cpu: remove one of them",
                ".resourceClaimTemplateName",
            ),
            (
                "!has(self.resourceClaimTemplateName) || !has(self.gpuResource)",
                "compute.resourceClaimTemplateName and compute.gpuResource are two ways to the same GPU: remove one of them",
                ".resourceClaimTemplateName",
            ),
        )
    )

    device: Device | None = None
    """cuda: every pod gets one GPU; cpu: none."""
    gpu_resource: ExtendedResource | None = None
    """The device plugin's resource: nvidia.com/gpu, or a MIG slice such as nvidia.com/mig-1g.10gb."""
    resource_claim_template_name: DnsSubdomain | None = None
    """A ResourceClaimTemplate (resource.k8s.io/v1) in this namespace: every pod claims its GPU from it. Excludes gpuResource."""
    node_selector: LabelMap | None = None
    """Labels that a node must carry; given here, it replaces the operator's default."""
    tolerations: Annotated[list[Toleration], Field(max_length=32, json_schema_extra=ATOMIC)] | None = None
    """Taints that pods tolerate; given here, they replace the operator's default."""
    priority_class_name: DnsSubdomain | None = None
    """The pods' PriorityClass."""
    runtime_class_name: DnsSubdomain | None = None
    """The pods' RuntimeClass, such as nvidia."""
    resources: Resources | None = None
    """CPU, memory and scratch space of each pod."""


_IMMUTABLE = "is immutable: create another TranscriptionJob, or set spec.runId to run again over new files"


def _immutable(*fields: str, optional: bool = False) -> list[tuple[str, str, str]]:
    """Transition rules. A field without a default may be absent before or after; `.?` would cost too much to compare."""

    def unchanged(field: str) -> str:
        same = f"self.{field} == oldSelf.{field}"
        return f"has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || {same})" if optional else same

    return [(unchanged(field), f"spec.{field} {_IMMUTABLE}", f".{field}") for field in fields]


class TranscriptionJobSpec(Contract):
    """What to transcribe, how, where the result goes and where the pods run."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            *_immutable("source", "output", "storage", "model", "task", "decoding", "vad", "alignment"),
            *_immutable("audio", "languageDetection", "diarization", "compute", "backoffLimit"),
            *_immutable("language", "activeDeadlineSeconds", "pendingDeadlineSeconds", "backoffLimitPerIndex", optional=True),
            (
                "self.task != 'translate' || !has(self.model) || !has(self.model.name) "
                "|| !(self.model.name.endsWith('.en') || self.model.name.endsWith('turbo'))",
                "spec.model.name: .en and turbo models cannot translate; use large-v3 or another multilingual model",
                ".model.name",
            ),
            (
                "!has(self.language) || self.language == 'en' || !has(self.model) || !has(self.model.name) "
                "|| !self.model.name.endsWith('.en')",
                "spec.language: an English-only (.en) model knows no language but en",
                ".language",
            ),
            (
                "!has(self.language) || (!self.languageDetection.perChunk && size(self.languageDetection.candidates) == 0)",
                "spec.languageDetection is for jobs without spec.language: remove one of them",
                ".languageDetection",
            ),
            (
                "self.audio.channels != 'split' || !self.diarization.enabled",
                "spec.diarization: with audio.channels split each channel is a speaker; set diarization.enabled to false",
                ".diarization",
            ),
            (
                "'json' in self.output.formats || !(self.alignment.characters || self.diarization.embeddings)",
                "spec.output.formats: alignment.characters and diarization.embeddings stand in the JSON alone; add json",
                ".output.formats",
            ),
            (
                "!self.output.subtitles.highlightWords "
                "|| (self.alignment.enabled && ('vtt' in self.output.formats || 'srt' in self.output.formats))",
                "spec.output.subtitles.highlightWords needs vtt or srt among output.formats, and alignment.enabled",
                ".output.subtitles.highlightWords",
            ),
            (
                "!has(self.compute) || !has(self.compute.device) || self.compute.device != 'cpu' || !has(self.model) "
                "|| !has(self.model.computeType) || !self.model.computeType.endsWith('float16')",
                "spec.model.computeType: float16 kinds need compute.device cuda; a CPU computes in int8 or float32",
                ".model.computeType",
            ),
        )
    )

    source: Source
    """Which objects to transcribe."""
    output: Output = Output()
    """Where transcripts go, and in which formats."""
    storage: Storage = Storage()
    """The S3-compatible store that holds source and output."""
    model: Model = Model()
    """The speech recognition model."""
    language: Language | None = None
    """The language spoken, as an ISO code; left out, it is detected for each file."""
    task: Task = Task.TRANSCRIBE
    """transcribe writes what was said; translate writes it in English."""
    audio: AudioSettings = AudioSettings()
    """Which sound of each file is transcribed."""
    language_detection: LanguageDetection = LanguageDetection()
    """How the language is detected where none is given."""
    decoding: Decoding = Decoding()
    """How the recogniser searches for words."""
    vad: Vad = Vad()
    """Voice activity detection."""
    alignment: Alignment = Alignment()
    """Word times."""
    diarization: Diarization = Diarization()
    """Who spoke when."""
    parallelism: Annotated[int, Field(ge=1, le=MAX_PARALLELISM)] = 1
    """How many pods, each with one GPU, share the files. Mutable."""
    compute: Compute = Compute()
    """Where pods run."""
    max_failed_files: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = None
    """With more failed files than this the run stops and is Failed; left out, every file is tried, and the job is Failed at its
    end if any failed. What succeeded stays written. Mutable."""
    suspend: bool = False
    """true stops the pods and keeps what is done; false goes on. Mutable."""
    run_id: RunId = ""
    """Another value runs the job again: only new, changed and failed files are done. Mutable."""
    backoff_limit: Annotated[int, Field(ge=0, le=100)] = 3
    """How many failed pods are replaced before the job is Failed; not counted with backoffLimitPerIndex."""
    backoff_limit_per_index: Annotated[int, Field(ge=0, le=100)] | None = None
    """How many failed pods of one shard are replaced before that shard is given up; the others then do its files, and the job is
    Failed only if none is left to do them."""
    active_deadline_seconds: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    """The job is Failed after running this long; suspended time, and waiting for a GPU, do not count."""
    pending_deadline_seconds: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    """The job is Failed after waiting this long for a pod, as for a GPU that never comes; suspended time does not count."""
    ttl_seconds_after_finished: Annotated[int, Field(ge=0, le=2**31 - 1)] = 3600
    """The child Job and its pods are removed this long after the end; the TranscriptionJob stays. Mutable."""
