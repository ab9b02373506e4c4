"""Where each decoded frame belongs in time, by its timestamp: sound that starts late or leaves a gap gets silence there.

Sound is never dropped and never moved back. A frame that comes earlier than the end of the one before it follows that one; the
sound is then ahead of its timestamps, and the next gap is filled only as far as they ask for. A timestamp that jumps far back,
or beyond all belief, begins a new count, as where two recordings were joined: the sound goes on without a gap, and what follows
is placed relative to this frame.
"""

TOLERATED_SECONDS = 0.05
"""Smaller gaps are the rounding of containers and the delay of encoders."""
OVERLAP_SECONDS = 1.0
"""A jump back by more than this is no overlap of two frames but a new count."""


class Timeline:
    """Places frames one after the other; time 0 is the container's start, as in a player."""

    def __init__(self, limit_seconds: float) -> None:
        """`limit_seconds`: up to where timestamps are believed; no gap reaches beyond it."""
        self._limit = limit_seconds
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
        gap = start - self._end
        unbelievable = gap > TOLERATED_SECONDS and min(stamp, start) > self._limit
        if unbelievable or gap < -OVERLAP_SECONDS:
            self._shift = self._end - stamp
            return None
        return start if gap > TOLERATED_SECONDS else None
