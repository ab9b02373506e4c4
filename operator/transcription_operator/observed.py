"""What the operator sees: the custom resource, its child Jobs and their pods, as small values read from API objects.

Only what a decision needs is kept, so that the caches stay small.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from sys import intern
from typing import Any, Literal

from transcription_api.names import (
    ANNOTATION_AVOIDED_NODES,
    ANNOTATION_EFFECTIVE,
    ANNOTATION_LAST_APPLIED,
    GROUP,
    KIND,
    LABEL_QUEUE,
    MAX_PARALLELISM,
    RUNNER_CONTAINER,
)
from transcription_api.report import ShardReport
from transcription_api.status import TranscriptionJobStatus
from transcription_operator.last_applied import Applied, read_applied
from transcription_operator.pod_report import attributed, completion_index, last_report
from transcription_operator.profiles import NoProfile, Profile
from transcription_operator.speeds import Speeds
from transcription_operator.stored_status import read_status

Raw = Mapping[str, Any]

MOST_EFFECTIVE_CHARACTERS = 65_536
"""Of what a Job's annotation says of its run. The operator writes a fraction of it, and anybody may write more, on many Jobs."""


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
    """The TranscriptionJob that controls it; empty: none does."""
    deleting: bool
    created: datetime
    effective: str
    """What its run began with, as JSON; empty: it does not say."""
    queue: str | None
    """The queue of the queue controller that admits it; None: no such controller owns its `suspend`."""
    suspended: bool
    parallelism: int
    completions: int
    last_applied: Applied
    avoided_nodes: tuple[str, ...]
    """The nodes that its pods keep away from."""
    ttl_seconds: int | None
    active: int
    failed_indexes: str
    """The indexes that failed for good, such as `0,3-5`."""
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
    """The Job that controls it; empty: none does."""
    node: str
    """Where it was placed; empty: nowhere yet."""
    phase: str
    deleting: bool
    reason: str
    """Why the pod failed as a whole: Evicted, ..."""
    message: str
    disrupted: bool
    """Whether the cluster sent it away, as when a node is drained: that costs no retry."""
    unschedulable: str | None
    """The scheduler's message."""
    unclaimed: str
    """The ResourceClaimTemplate from which no claim was made for it yet: no scheduler looks at it before. Empty: none."""
    waiting: Waiting | None
    started: datetime | None
    termination: Termination | None
    created: datetime
    index: int | None
    """Its completion index."""
    report: ShardReport | None
    """What it said last of what it did."""


@dataclass(frozen=True, slots=True)
class Told:
    """An Event of a child object."""

    reason: str
    note: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The API server's answer when it would not take a child object, or a change of one."""

    message: str
    final: bool
    """Whether the same request would be refused for ever; a quota, for one, may have room later."""
    reason: str = "JobRejected"


@dataclass(frozen=True, slots=True)
class Contest:
    """What the operator did several times with success, and what did not stay done."""

    message: str
    over_in: float
    """Seconds after which it counts as over, unless it is done again."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything that a decision on one TranscriptionJob rests on."""

    resource: Resource
    jobs: tuple[ChildJob, ...] = ()
    pods: tuple[ChildPod, ...] = ()
    refusal: Refusal | None = None
    contest: Contest | None = None
    departed: tuple[ChildPod, ...] = ()
    """Pods that are gone, and whose last reports status may not have yet."""
    profile: Profile | NoProfile | None = None
    """What says what the job leaves out; None: no profile does."""
    creation_failure: str | None = None
    """Why the run's Job could make no pod, in the words of its Events; read only when it has had none for a while."""
    start_event: Told | None = None
    """The last Event on the start of a pod of the run; read only when one has stood on its node for a while and none runs."""
    speeds: Speeds = field(default_factory=Speeds)
    """How fast runs were that have ended, of this job and of others."""


def _at_most(characters: int, text: str) -> str:
    """The text; one that is longer says nothing."""
    return text if len(text) <= characters else ""


def controller_uid(raw: Raw, group: str, kind: str) -> str:
    """The uid of the object's controller if that is of the kind, else nothing. It is in the object's own namespace, always."""
    for owner in raw["metadata"].get("ownerReferences") or []:
        if owner.get("controller") and owner["kind"] == kind and owner["apiVersion"].partition("/")[0] == group:
            return str(owner["uid"])
    return ""


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


def read_job(raw: Raw) -> ChildJob:
    """A child Job from its API object."""
    metadata, spec, status = raw["metadata"], raw["spec"], raw.get("status") or {}
    true = [condition for condition in status.get("conditions") or [] if condition["status"] == "True"]
    end = next((condition for condition in true if condition["type"] in ("Complete", "Failed")), None)
    failing: Raw = next((condition for condition in true if condition["type"] == "FailureTarget"), {})
    annotations, labels = metadata.get("annotations") or {}, metadata.get("labels") or {}
    suspended, parallelism = bool(spec.get("suspend")), spec.get("parallelism", 1)
    return ChildJob(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        owner_uid=controller_uid(raw, GROUP, KIND),
        deleting="deletionTimestamp" in metadata,
        created=_time(metadata["creationTimestamp"]),
        # Most Jobs of a namespace began with the same: one text for all of them.
        effective=intern(_at_most(MOST_EFFECTIVE_CHARACTERS, annotations.get(ANNOTATION_EFFECTIVE) or "")),
        queue=labels.get(LABEL_QUEUE),
        suspended=suspended,
        parallelism=parallelism,
        # Of the Job that somebody made in a run's name, and which may ask for billions, what a run can have.
        completions=min(spec.get("completions", parallelism), MAX_PARALLELISM),
        last_applied=read_applied(annotations.get(ANNOTATION_LAST_APPLIED), Applied(suspended, parallelism)),
        avoided_nodes=tuple(filter(None, annotations.get(ANNOTATION_AVOIDED_NODES, "").split(","))),
        ttl_seconds=spec.get("ttlSecondsAfterFinished"),
        active=status.get("active", 0),
        failed_indexes=status.get("failedIndexes") or "",
        started=_optional_time(status.get("startTime")),
        failing=failing.get("message") or failing.get("reason") or "",
        ended=end["type"] if end else None,
        end_reason=(end or {}).get("reason") or "",
        end_message=(end or {}).get("message") or "",
        ended_at=_optional_time((end or {}).get("lastTransitionTime")),
    )


def read_pod(raw: Raw) -> ChildPod:
    """A runner pod from its API object."""
    metadata, spec, status = raw["metadata"], raw.get("spec") or {}, raw.get("status") or {}
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    index = completion_index(labels, annotations)
    job_name = labels.get("batch.kubernetes.io/job-name", "")
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
        owner_uid=controller_uid(raw, "batch", "Job"),
        node=spec.get("nodeName") or "",
        phase=status.get("phase", "Pending"),
        deleting="deletionTimestamp" in metadata,
        reason=status.get("reason") or "",
        message=status.get("message") or "",
        disrupted=conditions.get("DisruptionTarget", {}).get("status") == "True",
        unschedulable=(scheduled or {}).get("message", "") if unplaced else None,
        unclaimed=_unclaimed(spec, status),
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
        created=_time(metadata["creationTimestamp"]),
        index=index,
        report=attributed(last_report(annotations, (ended or {}).get("message")), index, job_name, metadata["name"]),
    )


def _unclaimed(spec: Raw, status: Raw) -> str:
    made = {claim["name"] for claim in status.get("resourceClaimStatuses") or []}
    wanted = (claim for claim in spec.get("resourceClaims") or [] if claim["name"] not in made)
    return next((claim["resourceClaimTemplateName"] for claim in wanted if claim.get("resourceClaimTemplateName")), "")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _optional_time(text: str | None) -> datetime | None:
    return _time(text) if text else None
