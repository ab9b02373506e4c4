"""Which sound of a file is wanted: all channels mixed or each on its own, and of which track."""

from dataclasses import dataclass

MOST_CHANNELS = 8
"""How many channels are kept apart at most: 7.1 sound. A file with more can be mixed, not split."""


@dataclass(frozen=True)
class Wanted:
    """The default is what a player plays: the default track, all of its channels at once."""

    split: bool = False
    """Each channel on its own; otherwise mixed to one, as ffmpeg does it (of 5.1 sound, without the bass channel)."""
    track: int | None = None
    """Index among the file's audio tracks, from 0; None: the one with the default flag, else the first."""
