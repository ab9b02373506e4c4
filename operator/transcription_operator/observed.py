"""What the operator sees: the custom resource, its child Jobs and their pods, as small values read from API objects.

Only what a decision needs is kept, so that the caches stay small.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import ValidationError

from transcription_api.names import LABEL_JOB_UID, RUNNER_CONTAINER
from transcription_api.status import ShardReport, TranscriptionJobStatus

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Resource:
    """A TranscriptionJob. The spec stays raw until it is resolved."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    generation: int
    created: datetime
    deleting: bool
    labels: Mapping[str, str]
    spec: Raw
    status: TranscriptionJobStatus

    @property
    def run_id(self) -> str:
        """spec.runId."""
        return str(self.spec.get("runId") or "")


@dataclass(frozen=True, slots=True)
class ChildJob:
    """A batch/v1 Job of ours."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    owner_uid: str
    deleting: bool
    suspended: bool
    parallelism: int
    ttl_seconds: int | None
    active: int
    started: datetime | None
    failing: str
    """Why the Job is about to fail, in the Job controller's words, once it has seen what will end it."""
    ended: Literal["Complete", "Failed"] | None
    end_reason: str
    end_message: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a container does not start."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Termination:
    """How a runner container ended."""

    exit_code: int
    reason: str
    """The kubelet's word: Error, OOMKilled, ..."""
    message: str
    """The runner's termination message, or the end of its log."""
    at: datetime | None


@dataclass(frozen=True, slots=True)
class ChildPod:
    """A runner pod."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    owner_uid: str
    job_name: str
    phase: str
    deleting: bool
    reason: str
    """Why the pod failed as a whole: Evicted, ..."""
    message: str
    disrupted: bool
    """Whether the cluster sent it away, as when a node is drained: that costs no retry."""
    unschedulable: str | None
    """The scheduler's message."""
    waiting: Waiting | None
    started: datetime | None
    termination: Termination | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The API server's answer when it would not take a child object."""

    message: str
    final: bool
    """Whether the same request would be refused for ever; a quota, for one, may have room later."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything that a decision on one TranscriptionJob rests on."""

    resource: Resource
    jobs: tuple[ChildJob, ...] = ()
    pods: tuple[ChildPod, ...] = ()
    refusal: Refusal | None = field(default=None)
    creation_failure: str | None = None
    """Why the run's Job could make no pod, in the words of its Events; read only when it has had none for a while."""


def read_resource(raw: Raw) -> Resource:
    """A TranscriptionJob from its API object."""
    metadata = raw["metadata"]
    return Resource(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        generation=metadata.get("generation", 0),
        created=_time(metadata["creationTimestamp"]),
        deleting="deletionTimestamp" in metadata,
        labels=dict(metadata.get("labels") or {}),
        spec=raw.get("spec") or {},
        status=read_status(raw.get("status") or {}),
    )


def read_status(raw: Raw) -> TranscriptionJobStatus:
    """The status as stored. One that another version wrote may not fit the model: what identifies the run is kept then."""
    try:
        return TranscriptionJobStatus.model_validate(raw)
    except ValidationError:
        names = ("phase", "runId", "jobName", "startTime", "conditions", "effective")
        known = {name: raw[name] for name in names if name in raw}
    known["shards"] = _readable_shards(raw.get("shards") or [])
    for fields in (known, {name: value for name, value in known.items() if name != "effective"}):
        try:
            return TranscriptionJobStatus.model_validate(fields)
        except ValidationError:
            continue
    return TranscriptionJobStatus()


def _readable_shards(shards: list[Any]) -> list[ShardReport]:
    readable = []
    for shard in shards:
        try:
            readable.append(ShardReport.model_validate(shard))
        except ValidationError:
            continue
    return readable


def read_job(raw: Raw) -> ChildJob:
    """A child Job from its API object."""
    metadata, spec, status = raw["metadata"], raw["spec"], raw.get("status") or {}
    true = [condition for condition in status.get("conditions") or [] if condition["status"] == "True"]
    end = next((condition for condition in true if condition["type"] in ("Complete", "Failed")), None)
    failing: Raw = next((condition for condition in true if condition["type"] == "FailureTarget"), {})
    return ChildJob(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        owner_uid=(metadata.get("labels") or {}).get(LABEL_JOB_UID, ""),
        deleting="deletionTimestamp" in metadata,
        suspended=bool(spec.get("suspend")),
        parallelism=spec.get("parallelism", 1),
        ttl_seconds=spec.get("ttlSecondsAfterFinished"),
        active=status.get("active", 0),
        started=_optional_time(status.get("startTime")),
        failing=failing.get("message") or failing.get("reason") or "",
        ended=end["type"] if end else None,
        end_reason=(end or {}).get("reason") or "",
        end_message=(end or {}).get("message") or "",
        ended_at=_optional_time((end or {}).get("lastTransitionTime")),
    )


def read_pod(raw: Raw) -> ChildPod:
    """A runner pod from its API object."""
    metadata, status = raw["metadata"], raw.get("status") or {}
    labels = metadata.get("labels") or {}
    containers = status.get("containerStatuses") or []
    state = next((c.get("state") or {} for c in containers if c["name"] == RUNNER_CONTAINER), {})
    waiting, ended = state.get("waiting"), state.get("terminated")
    started = (state.get("running") or ended or {}).get("startedAt")
    conditions = {condition["type"]: condition for condition in status.get("conditions") or []}
    scheduled = conditions.get("PodScheduled")
    unplaced = scheduled is not None and scheduled["status"] == "False"
    return ChildPod(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        owner_uid=labels.get(LABEL_JOB_UID, ""),
        job_name=labels.get("batch.kubernetes.io/job-name", ""),
        phase=status.get("phase", "Pending"),
        deleting="deletionTimestamp" in metadata,
        reason=status.get("reason") or "",
        message=status.get("message") or "",
        disrupted=conditions.get("DisruptionTarget", {}).get("status") == "True",
        unschedulable=(scheduled or {}).get("message", "") if unplaced else None,
        waiting=Waiting(waiting.get("reason") or "", waiting.get("message") or "") if waiting else None,
        started=_optional_time(started),
        termination=Termination(
            exit_code=ended.get("exitCode", 0),
            reason=ended.get("reason") or "",
            message=ended.get("message") or "",
            at=_optional_time(ended.get("finishedAt")),
        )
        if ended
        else None,
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _optional_time(text: str | None) -> datetime | None:
    return _time(text) if text else None
