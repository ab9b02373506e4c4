"""`transcribe`: files and folders on this machine."""
