"""How much longer is something waited for that should follow soon on a moment which somebody else wrote down?

Clocks differ. One that differs by more than what is waited for is wrong, and by a wrong clock nobody is kept waiting: the wait
would last for as long as the clock is wrong.
"""

from datetime import datetime, timedelta


def seconds_left(since: datetime, patience: timedelta, now: datetime) -> float | None:
    """Seconds until `since` is `patience` ago; None: nothing is waited for any more."""
    left = since + patience - now
    return left.total_seconds() if timedelta(0) < left <= 2 * patience else None
