"""The kinds of the API group: the model of each, how it is called, and which columns `kubectl get` shows.

Whatever is made for each kind (CRD files, the chart's copy, the API reference) is made for every member of `KINDS`.
"""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from transcription_api import names
from transcription_api.job import TranscriptionJob
from transcription_api.profile import ClusterTranscriptionProfile, TranscriptionProfile
from transcription_api.schedule import TranscriptionSchedule

Column = dict[str, Any]
"""An `additionalPrinterColumns` entry; priority 1 shows with `-o wide` only."""

AGE: Column = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}


@dataclass(frozen=True, slots=True)
class CustomKind:
    """One kind of custom resource. Its CRD has a status subresource if the model has a field `status`."""

    model: type[BaseModel]
    """The whole object; the class is called like the kind."""
    plural: str
    short_name: str
    columns: tuple[Column, ...]
    scope: Literal["Namespaced", "Cluster"] = "Namespaced"

    @property
    def kind(self) -> str:
        """The kind's name."""
        return self.model.__name__

    @property
    def crd_name(self) -> str:
        """The name of the CustomResourceDefinition."""
        return f"{self.plural}.{names.GROUP}"


TRANSCRIPTION_JOB = CustomKind(
    TranscriptionJob,
    names.PLURAL,
    names.SHORT_NAME,
    (
        {"name": "Phase", "type": "string", "jsonPath": ".status.phase"},
        {"name": "Progress", "type": "string", "jsonPath": ".status.progress"},
        {"name": "Files", "type": "string", "jsonPath": ".status.fileProgress", "description": "Files done of files found"},
        {"name": "Failed", "type": "integer", "jsonPath": ".status.files.failed"},
        {
            "name": "Speed",
            "type": "number",
            "jsonPath": ".status.realTimeFactor",
            "description": "Seconds of audio transcribed in a second",
        },
        AGE,
        {
            "name": "End",
            "type": "string",
            "jsonPath": ".status.forecast.endTime",
            "priority": 1,
            "description": "When the run should end",
        },
        {"name": "Model", "type": "string", "jsonPath": ".status.model", "priority": 1},
        {"name": "Language", "type": "string", "jsonPath": ".status.effective.recipe.language", "priority": 1},
        {"name": "Job", "type": "string", "jsonPath": ".status.jobName", "priority": 1},
        {"name": "Message", "type": "string", "jsonPath": ".status.message", "priority": 1},
    ),
)

_PROFILE_COLUMNS: tuple[Column, ...] = (
    {
        "name": "Default",
        "type": "string",
        "jsonPath": ".metadata.labels." + names.LABEL_DEFAULT_PROFILE.replace(".", r"\."),
        "description": "Whether jobs that name no profile get this one",
    },
    {"name": "Model", "type": "string", "jsonPath": ".spec.model.name"},
    {"name": "Language", "type": "string", "jsonPath": ".spec.language"},
    {"name": "Task", "type": "string", "jsonPath": ".spec.task"},
    AGE,
    {"name": "Device", "type": "string", "jsonPath": ".spec.compute.device", "priority": 1},
    {"name": "Diarization", "type": "boolean", "jsonPath": ".spec.diarization.enabled", "priority": 1},
    {"name": "Formats", "type": "string", "jsonPath": ".spec.output.formats", "priority": 1},
)

TRANSCRIPTION_PROFILE = CustomKind(TranscriptionProfile, names.PROFILE_PLURAL, "tsp", _PROFILE_COLUMNS)
CLUSTER_TRANSCRIPTION_PROFILE = CustomKind(
    ClusterTranscriptionProfile, names.CLUSTER_PROFILE_PLURAL, "ctsp", _PROFILE_COLUMNS, scope="Cluster"
)

TRANSCRIPTION_SCHEDULE = CustomKind(
    TranscriptionSchedule,
    names.SCHEDULE_PLURAL,
    "tss",
    (
        {"name": "Schedule", "type": "string", "jsonPath": ".spec.schedule"},
        {"name": "Zone", "type": "string", "jsonPath": ".spec.timeZone"},
        {"name": "Suspend", "type": "boolean", "jsonPath": ".spec.suspend"},
        {"name": "Active", "type": "integer", "jsonPath": ".status.activeCount", "description": "Unfinished jobs"},
        {"name": "Last", "type": "date", "jsonPath": ".status.lastScheduleTime", "description": "Since the last run"},
        # kubectl shows a date as the time since then: one in the future has to be a string.
        {"name": "Next", "type": "string", "jsonPath": ".status.nextScheduleTime", "description": "When the next run is due"},
        AGE,
        {"name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type=='Ready')].reason", "priority": 1},
        {"name": "Message", "type": "string", "jsonPath": ".status.message", "priority": 1},
    ),
)

KINDS = (TRANSCRIPTION_JOB, TRANSCRIPTION_SCHEDULE, TRANSCRIPTION_PROFILE, CLUSTER_TRANSCRIPTION_PROFILE)
