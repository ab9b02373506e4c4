"""How a run ends: each error that ends it, as an exit code with a reason."""

from transcription_api.names import DEVICE_FAILED, STORAGE_UNREACHABLE, ExitCode
from transcription_runner.errors import ConfigurationError, DeviceError, TranscriptionError
from transcription_runner.store.port import StoreRefusedError, StoreUnavailableError, StoreUnreachableError

MOST_CHARACTERS = 1000
"""Of an unexpected error's text."""


class RunError(TranscriptionError):
    """The run cannot go on; `exit_code` says whether Kubernetes should try again."""

    def __init__(self, exit_code: ExitCode, reason: str, message: str) -> None:
        super().__init__(reason, message)
        self.exit_code = exit_code


def run_error(error: BaseException) -> RunError:
    """The end of the run that `error` means. What is not known here is a fault of the program."""
    match error:
        case RunError():
            return error
        case ConfigurationError():
            return RunError(ExitCode.CONFIGURATION, error.reason, error.message)
        case DeviceError():
            return RunError(ExitCode.INTERNAL, DEVICE_FAILED, error.message)
        case StoreRefusedError():
            return RunError(ExitCode.STORE_REFUSED, error.reason, error.message)
        case StoreUnreachableError():
            return RunError(ExitCode.STORE_UNAVAILABLE, STORAGE_UNREACHABLE, str(error))
        case StoreUnavailableError():
            return RunError(ExitCode.STORE_UNAVAILABLE, "StorageUnavailable", str(error))
    return RunError(ExitCode.INTERNAL, "InternalError", f"{type(error).__name__}: {str(error)[:MOST_CHARACTERS]}")
