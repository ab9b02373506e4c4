"""What a TranscriptionJob says, as far as it concerns whoever asked for it. Pure.

The messages of conditions tell of nodes, Secrets and addresses, the cluster's own matter: of them only the reason is told.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from transcription_api.job import TranscriptionJob
from transcription_api.spec import TranscriptionJobSpec
from transcription_api.status import ConditionType, Phase, TranscriptionJobStatus
from transcription_runner.serve.jobs.resource import ANNOTATION_OWNER, LABEL_MADE_BY, MADE_BY

WAITS = (
    "the job waits for a pod of its own; where that takes a GPU and this service holds the only one, it waits until the service "
    "gives it up"
)
PERCENT = re.compile(r"(\d{1,3})%")


class JobPhase(StrEnum):
    """A job's state in one word."""

    PENDING = Phase.PENDING
    SUSPENDED = Phase.SUSPENDED
    RUNNING = Phase.RUNNING
    SUCCEEDED = Phase.SUCCEEDED
    FAILED = Phase.FAILED
    DELETED = "Deleted"


WAITING = (JobPhase.PENDING, JobPhase.SUSPENDED)
OVER = (JobPhase.SUCCEEDED, JobPhase.FAILED, JobPhase.DELETED)
TELLING = {
    JobPhase.FAILED: ConditionType.FAILED,
    JobPhase.SUSPENDED: ConditionType.SUSPENDED,
    JobPhase.PENDING: ConditionType.RUNNING,
}
"""The condition whose reason says why a job is in the phase."""


class JobFailure(BaseModel):
    """Why a recording has no transcript."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    reason: str
    """One word for programs, the same as of a request that is answered at once."""
    message: str
    """A sentence for people."""


class JobState(BaseModel):
    """How far a job is."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: str
    """Whoever knows it, and has the API key that the job was made with, can see, read and delete the job."""
    phase: JobPhase
    """Pending, Suspended, Running, Succeeded or Failed; in the events, Deleted, too."""
    over: bool
    """Whether nothing more will happen."""
    reason: str | None = None
    """Why the job waits, or has failed, in one word."""
    message: str | None = None
    """The same for people."""
    position: int | None = None
    """Which one it is among this service's jobs that wait, from 1 on; left out once it runs."""
    progress: int | None = None
    """Percent of the sound that is transcribed."""
    created: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    estimated_end: datetime | None = None
    """When the job should be over, once that can be said."""
    failures: list[JobFailure] = []
    transcript: str | None = None
    """Where the transcript is, once there is one."""


@dataclass(frozen=True)
class Job:
    """A TranscriptionJob of the service's, as the API server had it."""

    name: str
    uid: str
    version: str
    """Its resourceVersion: changes are looked for from here on."""
    created: datetime
    owner: str | None
    spec: TranscriptionJobSpec
    status: TranscriptionJobStatus

    @property
    def phase(self) -> JobPhase:
        """Its phase; before the operator has seen it, Pending."""
        return JobPhase(self.status.phase or Phase.PENDING)


def read(resource: Mapping[str, Any]) -> Job | None:
    """The job; None for a TranscriptionJob that this service did not make. Raises ValidationError for what cannot be one."""
    job = TranscriptionJob.model_validate(resource, extra="ignore")
    about = job.metadata
    if (about.get("labels") or {}).get(LABEL_MADE_BY) != MADE_BY:
        return None
    return Job(
        about["name"],
        about["uid"],
        about["resourceVersion"],
        datetime.fromisoformat(about["creationTimestamp"]),
        (about.get("annotations") or {}).get(ANNOTATION_OWNER),
        job.spec,
        job.status or TranscriptionJobStatus(),
    )


class Waiting(NamedTuple):
    """A job that waits, in the order in which jobs were made."""

    created: str
    """As Kubernetes writes it, in whole seconds."""
    name: str


def waiting(resource: Mapping[str, Any]) -> Waiting | None:
    """The job, if it waits. Nothing of it is read but what that takes: many are listed, and one that is spoilt stops none."""
    if ((resource.get("status") or {}).get("phase") or JobPhase.PENDING) not in WAITING:
        return None
    return Waiting(str(resource["metadata"].get("creationTimestamp")), str(resource["metadata"].get("name")))


def position(name: str, line: Sequence[Waiting]) -> int:
    """Which one the job is among those that wait, from 1 on. One that was not listed yet is behind them all."""
    names = [one.name for one in sorted(line)]
    return names.index(name) + 1 if name in names else len(names) + 1


def state_of(job: Job, place: int | None) -> JobState:
    """What is told of it. `place`: its position, where it waits and that is known."""
    status, phase = job.status, job.phase
    reason = next((one.reason for one in status.conditions if one.type is TELLING.get(phase)), None)
    return JobState(
        name=job.name,
        phase=phase,
        over=phase in OVER,
        reason=reason,
        message=_message(phase, reason, bool(status.failures)),
        position=place if phase in WAITING else None,
        progress=100 if phase is JobPhase.SUCCEEDED else _percent(status.progress),
        created=job.created,
        started=status.start_time,
        ended=status.completion_time,
        estimated_end=None if phase in OVER else status.estimated_completion_time,
        failures=[JobFailure(reason=one.reason, message=one.message) for one in status.failures or []],
        transcript=f"/jobs/{job.name}/transcript" if phase is JobPhase.SUCCEEDED else None,
    )


def deleted(last: JobState) -> JobState:
    """What is told of a job that is gone."""
    nothing = {"position": None, "estimated_end": None, "transcript": None, "reason": None, "message": None}
    return last.model_copy(update={"phase": JobPhase.DELETED, "over": True, **nothing})


def _message(phase: JobPhase, reason: str | None, failures: bool) -> str | None:
    if phase is JobPhase.PENDING:
        return WAITS
    if phase is JobPhase.SUSPENDED:
        return "somebody in the cluster has suspended the job"
    if phase is JobPhase.FAILED:
        return "failures says why there is no transcript" if failures else f"the job has failed ({reason}): its status says more"
    return None


def _percent(progress: str | None) -> int | None:
    found = PERCENT.fullmatch(progress or "")
    return int(found[1]) if found else None
