"""What time is it? The API server's time, read off its answers, whatever the clock of this machine says.

What the operator compares with now are moments that others wrote: when a Job ended, since when a run waits, when a schedule was
last due. By a clock that is hours fast a run would have passed its deadline, by one that is hours slow its last reports would be
waited for for hours. Each answer of the API server says when it was written.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def utc_now() -> datetime:
    """This machine's wall clock."""
    return datetime.now(UTC)


class ServerClock:
    """The API server's clock. In between its answers `monotonic` counts (seconds), which nobody can set.

    It is slow by a second and the time of the quickest answer at most. Before the first answer it is `wall`.
    """

    def __init__(self, monotonic: Callable[[], float], wall: Callable[[], datetime] = utc_now) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self._ahead: float | None = None
        """Seconds from the monotonic clock's time to the server's."""

    def now(self) -> datetime:
        """The server's time, in UTC."""
        return self._wall() if self._ahead is None else datetime.fromtimestamp(self._monotonic() + self._ahead, UTC)

    def heard(self, date: str | None, asked: float) -> None:
        """An answer with this `Date` came just now; it was `asked` for at that time of the monotonic clock."""
        try:
            said = parsedate_to_datetime(date or "").timestamp()
        except ValueError:
            return
        # The answer was written after the question and before now, within the second that it names.
        least, most = said - self._monotonic(), said + 1 - asked
        self._ahead = least if self._ahead is None else min(max(self._ahead, least), most)
