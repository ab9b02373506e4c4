"""Where each decoded frame belongs in time, by its timestamp: sound that starts late or leaves a gap gets silence there.

Sound is never dropped and never moved back. A frame that comes earlier than the end of the one before it follows that one; the
sound is then ahead of its timestamps, and the next gap is filled only as far as they ask for. A timestamp that jumps far back,
or beyond the end that the file states, begins a new count, as where two recordings were joined: the sound goes on without a gap,
and what follows is placed relative to this frame.
"""

TOLERATED_SECONDS = 0.05
"""Smaller gaps are the rounding of containers and the delay of encoders."""
NEW_COUNT_SECONDS = 10.0
"""A jump back by more than this is no overlap; a jump this far beyond the stated end is no gap."""


class Timeline:
    """Places frames one after the other; time 0 is the container's start, as in a player."""

    def __init__(self, limit_seconds: float) -> None:
        """`limit_seconds`: where the file says that it ends, or the most that any file may have. No gap reaches beyond it."""
        self._limit = limit_seconds + NEW_COUNT_SECONDS
        self._end = 0.0
        self._shift = 0.0

    def place(self, stamp: float | None, seconds: float) -> float | None:
        """Where the next frame starts if that leaves a gap before it, in seconds; None: right after the frame before.

        `stamp`: its timestamp, None without one. `seconds`: its length.
        """
        gap_end = self._gap_end(stamp)
        self._end = seconds + (self._end if gap_end is None else gap_end)
        return gap_end

    def _gap_end(self, stamp: float | None) -> float | None:
        if stamp is None:
            return None
        start = stamp + self._shift
        if start > max(self._limit, self._end + TOLERATED_SECONDS) or start < self._end - NEW_COUNT_SECONDS:
            self._shift = self._end - stamp
            return None
        return start if start > self._end + TOLERATED_SECONDS else None
