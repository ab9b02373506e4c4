"""`check`: whether this machine transcribes as it should, and how fast."""
