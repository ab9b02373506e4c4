"""When is a schedule due? A cron expression in a time zone, asked for moments in UTC. Pure; the clock is a parameter.

At the change to summer time a run at a fixed hour that does not exist that day comes right after the gap; at the change back,
where the hour comes twice, it runs once. Expressions whose minute or hour begins with * go by elapsed time: an hourly run is
hourly on both days. So does Debian's cron, and so does cronsim, which computes the moments.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from transcription_api.cron_expression import NAMED

MOST_COUNTED = 100
"""Missed runs are counted up to this number; beyond it, that there are more."""

_FIELDS = 5


class TimetableError(ValueError):
    """The expression or the zone cannot be used; `reason` is the condition's."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Due:
    """The runs that a stretch of time called for."""

    latest: datetime | None = None
    """The last of them; None: there was none."""
    count: int = 0
    """How many, at most MOST_COUNTED + 1."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """A checked cron expression in its zone."""

    expression: str
    zone: ZoneInfo

    @classmethod
    def read(cls, expression: str, zone: str | None) -> Self:
        """From spec.schedule and spec.timeZone. Raises TimetableError."""
        table = cls(NAMED.get(expression, expression), _zone(zone or "UTC"))
        if len(table.expression.split()) != _FIELDS:
            raise TimetableError("InvalidSchedule", f"spec.schedule {expression!r} has not {_FIELDS} fields")
        try:
            first = next(table._from(datetime(2000, 1, 1, tzinfo=UTC)), None)
        except CronSimError as error:
            raise TimetableError("InvalidSchedule", f"spec.schedule {expression!r}: {str(error).lower()}") from error
        if first is None:
            raise TimetableError("InvalidSchedule", f"spec.schedule {expression!r} is never due: no year has such a day")
        return table

    def next(self, after: datetime) -> datetime | None:
        """The first due time later than `after`; None: there is none within 50 years."""
        return next(self._from(after), None)

    def due(self, after: datetime, until: datetime) -> Due:
        """What was due later than `after` and not later than `until`."""
        count, latest = 0, None
        for moment in self._between(after, until):
            count, latest = count + 1, moment
            if count > MOST_COUNTED:
                return Due(self._latest(moment, until), count)
        return Due(latest, count)

    def _latest(self, after: datetime, until: datetime) -> datetime:
        """The last due time not later than `until`, if not `after` itself: sought in ever longer stretches before `until`."""
        stretch = timedelta(minutes=1)
        while until - stretch > after:
            moments = list(self._between(until - stretch, until))
            if moments:
                return moments[-1]
            stretch *= 2
        return max(self._between(after, until), default=after)

    def _between(self, after: datetime, until: datetime) -> Iterator[datetime]:
        for moment in self._from(after):
            if moment > until:
                return
            yield moment

    def _from(self, after: datetime) -> Iterator[datetime]:
        """Due times later than `after`, in UTC, each once: cronsim repeats moments where two of them fall into one gap."""
        last = after.astimezone(UTC)
        for local in CronSim(self.expression, last.astimezone(self.zone)):
            moment = local.astimezone(UTC)
            if moment > last:
                last = moment
                yield moment


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        message = f"spec.timeZone {name!r} is no time zone that the operator knows; a name such as Europe/Madrid is"
        raise TimetableError("UnknownTimeZone", message) from error
