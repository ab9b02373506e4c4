"""What the operator sees of a TranscriptionSchedule and of the TranscriptionJobs that it controls."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from transcription_api.names import GROUP, SCHEDULE_KIND
from transcription_api.schedule import ConcurrencyPolicy, TranscriptionScheduleStatus
from transcription_operator.observed import Raw, Refusal, controller_uid

_ENDED = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class Schedule:
    """A TranscriptionSchedule. The template stays raw: the API server judges it with each job that is made."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    generation: int
    created: datetime
    deleting: bool
    expression: str
    time_zone: str | None
    suspend: bool
    concurrency_policy: ConcurrencyPolicy
    starting_deadline_seconds: int | None
    successful_jobs_history_limit: int
    failed_jobs_history_limit: int
    template: Raw
    status: TranscriptionScheduleStatus


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """A TranscriptionJob that a TranscriptionSchedule controls."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    owner_uid: str
    """The TranscriptionSchedule that controls it; empty: none does."""
    created: datetime
    deleting: bool
    ended: str | None
    """Succeeded or Failed; None: unfinished, or to be run again."""
    ended_at: datetime | None
    message: str


@dataclass(frozen=True, slots=True)
class ObservedSchedule:
    """Everything that a decision on one TranscriptionSchedule rests on."""

    schedule: Schedule
    jobs: tuple[ScheduledJob, ...] = ()
    refusal: Refusal | None = None


def read_schedule(raw: Raw) -> Schedule:
    """A TranscriptionSchedule from its API object."""
    metadata, spec = raw["metadata"], raw["spec"]
    return Schedule(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        generation=metadata.get("generation", 0),
        created=datetime.fromisoformat(metadata["creationTimestamp"]),
        deleting="deletionTimestamp" in metadata,
        expression=spec["schedule"],
        time_zone=spec.get("timeZone"),
        suspend=bool(spec.get("suspend")),
        concurrency_policy=ConcurrencyPolicy(spec.get("concurrencyPolicy", ConcurrencyPolicy.ALLOW)),
        starting_deadline_seconds=spec.get("startingDeadlineSeconds"),
        successful_jobs_history_limit=spec.get("successfulJobsHistoryLimit", 3),
        failed_jobs_history_limit=spec.get("failedJobsHistoryLimit", 1),
        template=spec["jobTemplate"],
        status=_read_status(raw.get("status") or {}),
    )


def _read_status(raw: Raw) -> TranscriptionScheduleStatus:
    """The status as stored. Of one that another version wrote, and that does not fit, the times are kept."""
    times = {name: raw[name] for name in ("lastScheduleTime", "lastMissedTime", "lastSuccessfulTime") if name in raw}
    for fields in (raw, times):
        try:
            return TranscriptionScheduleStatus.model_validate(fields)
        except ValidationError:
            continue
    return TranscriptionScheduleStatus()


def read_scheduled_job(raw: Raw) -> ScheduledJob:
    """A TranscriptionJob from its API object, as its schedule sees it."""
    metadata, status = raw["metadata"], raw.get("status") or {}
    return ScheduledJob(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        owner_uid=controller_uid(raw, GROUP, SCHEDULE_KIND),
        created=datetime.fromisoformat(metadata["creationTimestamp"]),
        deleting="deletionTimestamp" in metadata,
        ended=_ended(raw.get("spec") or {}, status),
        ended_at=datetime.fromisoformat(status["completionTime"]) if status.get("completionTime") else None,
        message=str(status.get("message") or ""),
    )


def _ended(spec: Mapping[str, Any], status: Mapping[str, Any]) -> str | None:
    phase: str | None = status.get("phase")
    to_be_run_again = (spec.get("runId") or "") != (status.get("runId") or "")
    return phase if phase in _ENDED and not to_be_run_again else None
