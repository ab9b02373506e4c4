"""Builders of what an operator observes of a schedule: `a_schedule("0 3 * * *").at("2026-11-23T03:00").made()`."""

from datetime import UTC, datetime
from typing import Any, Self

from transcription_api.names import API_VERSION, SCHEDULE_KIND
from transcription_operator.observed import Refusal
from transcription_operator.schedule.observed import ObservedSchedule, read_schedule, read_scheduled_job
from transcription_operator.schedule.plan import MakeJob, RemoveJob, SchedulePlan
from transcription_operator.schedule.reconcile import reconcile

MONDAY = "2026-11-23T00:00"


def moment(text: str) -> datetime:
    """UTC, unless the text says otherwise."""
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def stamp(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


class ScheduleWorld:
    """A TranscriptionSchedule and the TranscriptionJobs of its namespace, as the API server would show them."""

    def __init__(self, expression: str, **spec: Any) -> None:
        self.now = moment(MONDAY)
        self.raw: dict[str, Any] = {
            "metadata": {
                "name": "nightly",
                "namespace": "team",
                "uid": "uid-of-nightly",
                "resourceVersion": "1",
                "generation": 1,
                "creationTimestamp": stamp(self.now),
            },
            "spec": {"schedule": expression, "jobTemplate": {"spec": {"source": {"bucket": "calls"}}}, **spec},
        }
        self.jobs: dict[str, dict[str, Any]] = {}
        self.refusal: Refusal | None = None
        self.events: list[tuple[str, str]] = []
        self.missed = 0
        self.ever_made: list[str] = []
        self.requeue_after: float | None = None

    # --- what happens ---------------------------------------------------------------------------------------------

    def at(self, time: str) -> Self:
        """Now it is `time`."""
        self.now = moment(time)
        return self

    def asking(self, **spec: Any) -> Self:
        self.raw["spec"].update(spec)
        self.raw["metadata"]["generation"] += 1
        return self

    def ended(self, job: str, how: str = "Succeeded", message: str = "") -> Self:
        self.jobs[job]["status"] = {"phase": how, "completionTime": stamp(self.now), "message": message}
        return self

    def with_job(self, name: str, owner: str = "uid-of-nightly") -> Self:
        """A job that stands there already."""
        owners = [{"apiVersion": API_VERSION, "kind": SCHEDULE_KIND, "uid": owner, "controller": True}]
        self.jobs[name] = {"metadata": {"name": name, "ownerReferences": owners}}
        return self._completed(name)

    def _completed(self, name: str) -> Self:
        added = {"namespace": "team", "uid": f"uid-of-{name}", "resourceVersion": "1", "creationTimestamp": stamp(self.now)}
        self.jobs[name]["metadata"] |= added
        return self

    # --- the operator at work -------------------------------------------------------------------------------------

    def reconcile(self) -> SchedulePlan:
        """What the operator would do now."""
        jobs = tuple(read_scheduled_job(raw) for raw in self.jobs.values())
        return reconcile(ObservedSchedule(read_schedule(self.raw), jobs, self.refusal), self.now)

    def reconciled(self) -> Self:
        """Do it, and whatever follows from it, until nothing is left to do."""
        for _ in range(10):
            plan = self.reconcile()
            self.apply(plan)
            if not plan.actions and plan.status is None:
                self.requeue_after = plan.requeue_after
                return self
        raise AssertionError(f"does not come to rest: {plan}")

    def apply(self, plan: SchedulePlan, steps: int | None = None) -> None:
        """Do as the plan says, or only its first `steps` actions, as an operator that is killed in the middle."""
        for action in plan.actions[:steps]:
            match action:
                case MakeJob(job, announcement):
                    name = job["metadata"]["name"]
                    if name not in self.jobs:
                        self.jobs[name] = {"metadata": dict(job["metadata"]), "spec": job["spec"]}
                        self._completed(name)
                        self.events.append((announcement.kind, announcement.reason))
                        self.ever_made.append(name)
                case RemoveJob(name, _):
                    self.jobs.pop(name, None)
        if steps is None and plan.status is not None:
            status = self.raw.setdefault("status", {})
            for name, value in plan.status.items():
                status.pop(name, None) if value is None else status.__setitem__(name, value)
            self.events += [(event.kind, event.reason) for event in plan.events]
            self.missed += plan.missed

    @property
    def status(self) -> dict[str, Any]:
        return dict(self.raw.get("status", {}))

    @property
    def names(self) -> list[str]:
        """Of the jobs that are there."""
        return sorted(self.jobs)

    def condition(self, kind: str) -> dict[str, Any]:
        return next((c for c in self.status.get("conditions", []) if c["type"] == kind), {})


def a_schedule(expression: str = "0 3 * * *", **spec: Any) -> ScheduleWorld:
    """A TranscriptionSchedule that was created on a Monday, at midnight UTC."""
    return ScheduleWorld(expression, **spec)


def named(time: str) -> str:
    """The job of the run that is due at `time`."""
    return f"nightly-{int(moment(time).timestamp()) // 60}"
