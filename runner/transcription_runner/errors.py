"""The two ways in which work ends badly: one file is bad, or the whole run cannot go on."""

from transcription_api.names import ExitCode


class FileError(Exception):
    """One source object cannot be transcribed; the others go on. `reason` is one CamelCase word, `message` a sentence."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


class RunError(Exception):
    """The whole run cannot go on; `exit_code` says whether a retry could help."""

    def __init__(self, exit_code: ExitCode, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.exit_code = exit_code
        self.reason = reason
        self.message = message


class ConfigurationError(RunError):
    """What was asked for cannot be done here: a missing model, a missing device. No retry helps."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(ExitCode.CONFIGURATION, reason, message)


class DeviceError(RunError):
    """The GPU, or the way to it, is lost: no file can be done any more in this process. Another process may be able to."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            ExitCode.INTERNAL,
            "DeviceFailed",
            f"the GPU stopped working: {cause}. Files that were in work are neither done nor failed, and are done again by the "
            "next try. If it happens again on the same node, look at `nvidia-smi` and at the kernel's log (`dmesg | grep Xid`) "
            "there: the GPU may need a reset, or the driver may be too old",
        )
