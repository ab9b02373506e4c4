"""The custom resource TranscriptionSchedule: TranscriptionJobs made by the clock, in the words and the meaning of a CronJob."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from transcription_api.contract import Contract, Record, rules
from transcription_api.cron_expression import MOST_CHARACTERS, cron_rules
from transcription_api.names import API_VERSION
from transcription_api.patterns import LABEL_KEY, LabelMap
from transcription_api.spec import TranscriptionJobSpec
from transcription_api.status import ConditionState, Count

MAX_NAME = 52
"""Of a schedule, as of a CronJob: its jobs' names, which end in the time, still fit into a label."""
MAX_ACTIVE = 64
"""Unfinished jobs that status lists."""

HistoryLimit = Annotated[int, Field(ge=0, le=1000)]


class ConcurrencyPolicy(StrEnum):
    """What happens to a run that is due while a job of an earlier one is unfinished."""

    ALLOW = "Allow"
    FORBID = "Forbid"
    REPLACE = "Replace"


class JobTemplateMetadata(Contract):
    """Labels and annotations of the jobs that are made."""

    labels: LabelMap | None = None
    """Labels of each job, such as kueue.x-k8s.io/queue-name."""
    annotations: (
        Annotated[
            dict[str, Annotated[str, Field(max_length=4096)]],
            Field(
                max_length=32,
                json_schema_extra=rules(
                    (
                        f"self.all(key, size(key) <= 253 && key.matches('{LABEL_KEY}'))",
                        "every key must be an annotation name, such as team.example.com/contact",
                    )
                ),
            ),
        ]
        | None
    ) = None
    """Annotations of each job."""


def _rules_of_new_objects(model: type[Contract]) -> dict[str, Any]:
    """The rules of a model without those that compare with what was there before: a template may change, its jobs may not."""
    extra: Any = model.model_config.get("json_schema_extra")
    validations = extra["x-kubernetes-validations"]
    return {**extra, "x-kubernetes-validations": [rule for rule in validations if "oldSelf" not in rule["rule"]]}


class JobTemplateSpec(TranscriptionJobSpec):
    """The spec of a TranscriptionJob, every field of it."""

    model_config = ConfigDict(json_schema_extra=_rules_of_new_objects(TranscriptionJobSpec))


class JobTemplate(Contract):
    """What the TranscriptionJobs are made from. A change concerns jobs that are made afterwards."""

    metadata: JobTemplateMetadata | None = None
    """Labels and annotations of the jobs that are made."""
    spec: JobTemplateSpec
    """The spec of a TranscriptionJob, every field of it."""


class TranscriptionScheduleSpec(Contract):
    """When TranscriptionJobs are made, and from what."""

    schedule: Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS, json_schema_extra=cron_rules())]
    """Minute, hour, day of month, month and day of week, as for cron: 0 3 * * * is every night at three; or @daily."""
    time_zone: (
        Annotated[
            str,
            Field(
                max_length=64,
                pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$",
                json_schema_extra=rules(
                    (
                        # Where the API server does not know the zone, the evaluation fails, and with it the rule.
                        "timestamp('2026-01-01T00:00:00Z').getFullYear(self) > 0 && self != 'Local'",
                        "spec.timeZone must be the name of a time zone, such as Europe/Madrid",
                    )
                ),
            ),
        ]
        | None
    ) = None
    """The time zone of spec.schedule, such as Europe/Madrid; left out, UTC."""
    suspend: bool = False
    """true: no more jobs are made; those that run go on. Once it is false again, the last run that was missed is made up for."""
    concurrency_policy: ConcurrencyPolicy = ConcurrencyPolicy.ALLOW
    """While an earlier job is unfinished: Allow makes the next beside it, Forbid waits for its end, Replace deletes it first."""
    starting_deadline_seconds: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    """A run that could not begin this long after its time is missed; left out, the last one is made up for, however late."""
    successful_jobs_history_limit: HistoryLimit = 3
    """How many succeeded jobs are kept. Transcripts stay."""
    failed_jobs_history_limit: HistoryLimit = 1
    """How many failed jobs are kept. Transcripts stay."""
    job_template: JobTemplate
    """What the TranscriptionJobs are made from. A change concerns jobs that are made afterwards."""


class ScheduleConditionType(StrEnum):
    """The kinds of condition."""

    READY = "Ready"
    SUSPENDED = "Suspended"


class ScheduleCondition(ConditionState):
    """One aspect of the schedule's state, in the form that Kubernetes uses everywhere."""

    type: ScheduleConditionType
    """Ready: nothing but spec.suspend keeps jobs from being made when they are due. Suspended: spec.suspend does."""


class ActiveJob(Record):
    """An unfinished TranscriptionJob of the schedule."""

    name: Annotated[str, Field(max_length=253)]
    """Its name."""
    uid: Annotated[str, Field(max_length=64)]
    """Its uid."""


class TranscriptionScheduleStatus(Record):
    """What became of the schedule so far."""

    observed_generation: Count | None = None
    """The spec's generation that this status speaks of."""
    conditions: Annotated[
        list[ScheduleCondition],
        Field(max_length=8, json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}),
    ] = Field(default_factory=list)
    """The schedule's state, for machines."""
    message: Annotated[str, Field(max_length=4096)] | None = None
    """The schedule's state, for people."""
    last_schedule_time: datetime | None = None
    """The time of the last run that a job was made for."""
    last_missed_time: datetime | None = None
    """The time of the last run that was missed: startingDeadlineSeconds had passed."""
    last_successful_time: datetime | None = None
    """When the last succeeded job ended."""
    next_schedule_time: datetime | None = None
    """When the next run is due."""
    active_count: Count | None = None
    """How many jobs are unfinished."""
    active: (
        Annotated[list[ActiveJob], Field(max_length=MAX_ACTIVE, json_schema_extra={"x-kubernetes-list-type": "atomic"})] | None
    ) = None
    """Unfinished jobs, the newest of them if there are many."""


class TranscriptionSchedule(Contract):
    """TranscriptionJobs made by the clock, such as one each night for everything new below a prefix."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                f"size(self.metadata.name) <= {MAX_NAME}",
                f"metadata.name: a schedule's name has at most {MAX_NAME} characters, since its jobs' names end in the time",
            )
        )
    )

    api_version: Literal["transcription.whisperx.dev/v1alpha1"] = API_VERSION
    kind: Literal["TranscriptionSchedule"] = "TranscriptionSchedule"
    metadata: dict[str, Any]
    spec: TranscriptionScheduleSpec
    """When jobs are made, and from what."""
    status: TranscriptionScheduleStatus | None = None
    """What became of the schedule so far."""
