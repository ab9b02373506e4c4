"""From a media file, or samples, to sound at 16 kHz: in a process of its own, within bounds, and in a player's time."""
