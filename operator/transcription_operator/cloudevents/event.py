"""From a job's transition, as its status tells it, to the CloudEvent that the sink gets: the same bytes whoever makes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from transcription_api.names import API_VERSION, GROUP, PLURAL, SCHEDULE_KIND
from transcription_api.status import Phase, TranscriptionJobStatus, Transition
from transcription_api.transition import CloudEvent, JobTransition, event_type

_ENDS = (Phase.SUCCEEDED, Phase.FAILED)


@dataclass(frozen=True, slots=True)
class Event:
    """An event on its way."""

    id: str
    uid: str
    """Of the job."""
    title: str
    """The job and what is told of it, for the log."""
    body: bytes


def events(
    metadata: Mapping[str, Any], status: TranscriptionJobStatus, after: int, source_prefix: str = ""
) -> list[tuple[int, Event]]:
    """The events of the job's transitions whose number is greater than `after`, oldest first, each with its number."""
    steps = status.transitions or []
    return [(step.number, _event(metadata, status, step, source_prefix)) for step in steps if step.number > after]


def _event(metadata: Mapping[str, Any], status: TranscriptionJobStatus, step: Transition, source_prefix: str) -> Event:
    namespace, name, uid = metadata["namespace"], metadata["name"], metadata["uid"]
    event = CloudEvent(
        id=_id(uid, step),
        source=f"{source_prefix}/apis/{API_VERSION}/namespaces/{quote(namespace)}/{PLURAL}/{quote(name)}",
        type=event_type(step.phase),
        subject=step.job_name or name,
        time=step.time,
        sequence=f"{step.number:010}",
        data=JobTransition(
            namespace=namespace,
            name=name,
            uid=uid,
            schedule=_schedule(metadata),
            **step.model_dump(exclude={"time"}),
            **_figures(status, step),
        ),
    )
    title = f"{namespace}/{name}: {step.phase.value} (run {step.job_name})"
    return Event(event.id, uid, title, event.model_dump_json(by_alias=True, exclude_none=True).encode())


def _id(uid: str, step: Transition) -> str:
    """From what happened alone. Even a status that somebody emptied, so that numbers begin anew, gives no id twice."""
    happened = (uid, step.job_name, str(step.number), step.phase.value, step.time.isoformat())
    return sha256("\n".join(happened).encode()).hexdigest()[:32]


def _schedule(metadata: Mapping[str, Any]) -> str | None:
    """The TranscriptionSchedule that controls the job."""
    for owner in metadata.get("ownerReferences") or []:
        if owner.get("controller") and owner["kind"] == SCHEDULE_KIND and owner["apiVersion"].partition("/")[0] == GROUP:
            return str(owner["name"])
    return None


def _figures(status: TranscriptionJobStatus, step: Transition) -> dict[str, Any]:
    """What the run did, once that is final; status may speak of a later run by now."""
    newest = (status.transitions or [step])[-1]
    if step.phase not in _ENDS or step.number != newest.number:
        return {}
    return {
        "start_time": status.start_time,
        "completion_time": status.completion_time,
        "files": status.files,
        "audio_seconds": status.audio_seconds,
        "active_seconds": status.active_seconds,
        "gpu_seconds": status.gpu_seconds,
        "manifest": status.manifest,
    }
