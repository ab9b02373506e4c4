"""The TranscriptionJob of one run, and its name, which says the time that the run was due at.

The name is the same after a crash at any line and in two operators at once, so that a run never gets a second job.
"""

from datetime import UTC, datetime
from typing import Any

from transcription_api.names import ANNOTATION_SCHEDULED_TIME, API_VERSION, KIND, LABEL_SCHEDULE, SCHEDULE_KIND
from transcription_operator.schedule.observed import Schedule
from transcription_operator.schedule.timetable import Timetable


def job_name(schedule: str, due: datetime) -> str:
    """The schedule's name and the minutes since 1970."""
    return f"{schedule}-{int(due.timestamp()) // 60}"


def due_time(schedule: str, job: str) -> datetime | None:
    """The time that a name of `job_name` stands for; None: the job is called otherwise."""
    prefix, _, minutes = job.rpartition("-")
    if prefix != schedule or not (minutes.isascii() and minutes.isdecimal()) or len(minutes) > 9:
        return None
    return datetime.fromtimestamp(int(minutes) * 60, UTC)


def transcription_job(schedule: Schedule, timetable: Timetable, due: datetime) -> dict[str, Any]:
    """The TranscriptionJob as it is created. It goes with its schedule, whose deletion it never blocks."""
    metadata = schedule.template.get("metadata") or {}
    local = due.astimezone(timetable.zone).isoformat()
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {
            "name": job_name(schedule.name, due),
            "namespace": schedule.namespace,
            "labels": {**(metadata.get("labels") or {}), LABEL_SCHEDULE: schedule.name},
            "annotations": {**(metadata.get("annotations") or {}), ANNOTATION_SCHEDULED_TIME: local},
            "ownerReferences": [
                {
                    "apiVersion": API_VERSION,
                    "kind": SCHEDULE_KIND,
                    "name": schedule.name,
                    "uid": schedule.uid,
                    "controller": True,
                }
            ],
        },
        "spec": schedule.template["spec"],
    }
