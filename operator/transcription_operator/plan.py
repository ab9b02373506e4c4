"""What a reconcile decides: changes to child objects, one status patch, events, and when to look again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EventRecord:
    """A Kubernetes Event to be."""

    kind: Literal["Normal", "Warning"]
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class StartRun:
    """Make the run's Job. An existing Job of that name is the same run: success."""

    job: Document
    announcement: EventRecord | None = None
    """Said only by the operator whose request made the Job."""


@dataclass(frozen=True, slots=True)
class PatchJob:
    """Change mutable fields of a child Job's spec, and annotations with them."""

    name: str
    uid: str
    spec: Mapping[str, Any]
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeleteJob:
    """Delete a child Job, and its pods in the background."""

    name: str
    uid: str


ChildAction = StartRun | PatchJob | DeleteJob


@dataclass(frozen=True, slots=True)
class Plan:
    """The outcome of one reconcile."""

    children: tuple[ChildAction, ...] = ()
    status: Document | None = None
    """A JSON merge patch of status; None when nothing changed."""
    events: tuple[EventRecord, ...] = ()
    only_progress: bool = False
    """True when the status patch brings nothing but figures and messages."""
    requeue_after: float | None = None
    """Seconds after which to look again although nothing may have happened."""
    ends_run: bool = False
    """True when this status patch is the one that ends the run."""
    settled: bool = False
    """True when nothing is left to do until the resource itself changes."""
