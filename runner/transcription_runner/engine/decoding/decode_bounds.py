"""What decoding one file may take: seconds, bytes of memory, bytes of disk."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DecodeBounds:
    """Bounds on each file; one that would pass them is refused, and the next one starts afresh."""

    longest_seconds: float
    """Longer sound is TooLong. No more than this is ever written of each channel, whatever a header or a timestamp claims."""
    memory_bytes: int = 1 << 30
    """Address space of the process that decodes. It has 0.15 GiB to start with; sound needs a few MiB more, and of a video the
    first pictures (8K: 50 MiB each) are looked at to learn what the file holds."""
    mapped_from_seconds: float = 600.0
    """Sound from this length, all channels together, stays in an unlinked file of the scratch folder and is memory-mapped: ten
    hours of one channel are 1.1 GiB there. Shorter sound, at most 18 MiB, is read into memory and leaves the disk alone."""
    opening_seconds: float = 60.0
    """What looking into the file may take."""
    least_seconds: float = 120.0
    """What decoding may take however short the sound is: a busy core must not cost a file."""
    seconds_for_a_second: float = 0.2
    """What decoding may take on top for each second of sound: a slow core needs less than a twentieth of the sound's length."""

    def patience(self, stated_seconds: float | None) -> float:
        """Seconds that decoding may take; `stated_seconds` is the length that the file claims, if it does."""
        return self.least_seconds + self.seconds_for_a_second * min(stated_seconds or self.longest_seconds, self.longest_seconds)
