"""What can go wrong with speech. Each error has a reason, one CamelCase word for programs, and a message, a sentence for people.

TranscriptionError
├── FileError            one sound cannot be transcribed; the others go on
├── ConfigurationError   what was asked for cannot be done here: a missing model, a missing device; no retry helps
└── DeviceError          the device is gone, for all sounds; another machine, or a new start, may help
"""

__all__ = ["ConfigurationError", "DeviceError", "FileError", "TranscriptionError"]


class TranscriptionError(Exception):
    """The base of all errors here."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


class FileError(TranscriptionError):
    """One sound cannot be transcribed; the others go on."""


class ConfigurationError(TranscriptionError):
    """What was asked for cannot be done here. No retry helps."""


class DeviceError(TranscriptionError):
    """The device, or the way to it, is lost, for all sounds of this process. What was in work is neither done nor at fault."""
