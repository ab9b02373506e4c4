"""What the watches have shown of schedules and of the jobs that they control, in memory."""

from transcription_operator.caches import Children
from transcription_operator.schedule.observed import ObservedSchedule, Schedule, ScheduledJob
from transcription_operator.versions import is_newer


class ScheduleCaches:
    """Every schedule, and the jobs that have one as controller. An older version never replaces a newer one."""

    def __init__(self) -> None:
        self.jobs: Children[ScheduledJob] = Children()
        self._schedules: dict[str, Schedule] = {}

    def schedule(self, uid: str) -> Schedule | None:
        """A schedule; None: it is gone."""
        return self._schedules.get(uid)

    def put_schedule(self, schedule: Schedule) -> bool:
        """Remember `schedule`; False when this or a newer version is known already."""
        known = self._schedules.get(schedule.uid)
        if known and is_newer(known.resource_version, schedule.resource_version):
            return False
        self._schedules[schedule.uid] = schedule
        return True

    def forget(self, uid: str) -> None:
        """A schedule is gone."""
        self._schedules.pop(uid, None)
        self.jobs.drop_all(uid)

    def uids(self) -> tuple[str, ...]:
        """Of every schedule."""
        return tuple(self._schedules)

    def gone(self, uids: set[str], seen_at: str) -> list[str]:
        """Schedules that a listing, true at version `seen_at`, does not show any more."""
        return [uid for uid, one in self._schedules.items() if uid not in uids and is_newer(seen_at, one.resource_version)]

    def observed(self, uid: str) -> ObservedSchedule | None:
        """What is known about a schedule; None: it is gone. Other namespaces have no say in it."""
        schedule = self._schedules.get(uid)
        if schedule is None:
            return None
        return ObservedSchedule(schedule, tuple(job for job in self.jobs.of(uid) if job.namespace == schedule.namespace))
