"""The bounds that a run keeps, whatever it is given. Each can be set by an environment variable."""

import os
from dataclasses import dataclass

from transcription_api.names import RUNNER_GRACE_SECONDS
from transcription_runner.errors import ConfigurationError

GIB = 1 << 30


@dataclass(frozen=True)
class Limits:
    """Bounds in bytes and seconds."""

    object_bytes: int = 4 * GIB
    """TRANSCRIPTION_MAX_OBJECT_BYTES: larger source objects fail with TooLarge."""
    audio_seconds: float = 12 * 3600.0
    """TRANSCRIPTION_MAX_AUDIO_SECONDS: longer audio fails with TooLong."""
    scratch_bytes: int = 4 * GIB
    """TRANSCRIPTION_SCRATCH_BYTES: what fetched objects may take in the scratch folder, all of them together."""
    store_patience_seconds: float = 300.0
    """TRANSCRIPTION_STORE_PATIENCE_SECONDS: how long an outage of the store is waited out."""
    first_answer_seconds: float = 60.0
    """TRANSCRIPTION_FIRST_ANSWER_SECONDS: how long a store is waited for that this pod has never reached."""
    lease_seconds: float = 60.0
    """TRANSCRIPTION_LEASE_SECONDS: a claim that is not renewed for this long may be taken over."""
    grace_seconds: float = RUNNER_GRACE_SECONDS
    """TRANSCRIPTION_GRACE_SECONDS: how long the file in flight may still take after SIGTERM."""

    @property
    def fetch_bytes(self) -> int:
        """The largest object that is fetched."""
        return min(self.object_bytes, self.scratch_bytes)


def limits_from_environment() -> Limits:
    """The defaults, replaced where a variable is set. Raises ConfigurationError for one that is no positive number."""
    defaults = Limits()
    return Limits(
        object_bytes=int(_number("TRANSCRIPTION_MAX_OBJECT_BYTES", defaults.object_bytes)),
        audio_seconds=_number("TRANSCRIPTION_MAX_AUDIO_SECONDS", defaults.audio_seconds),
        scratch_bytes=int(_number("TRANSCRIPTION_SCRATCH_BYTES", defaults.scratch_bytes)),
        store_patience_seconds=_number("TRANSCRIPTION_STORE_PATIENCE_SECONDS", defaults.store_patience_seconds),
        first_answer_seconds=_number("TRANSCRIPTION_FIRST_ANSWER_SECONDS", defaults.first_answer_seconds),
        lease_seconds=_number("TRANSCRIPTION_LEASE_SECONDS", defaults.lease_seconds),
        grace_seconds=_number("TRANSCRIPTION_GRACE_SECONDS", defaults.grace_seconds),
    )


def _number(name: str, default: float) -> float:
    text = os.environ.get(name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ConfigurationError(
            "InvalidConfiguration", f"the environment variable {name} must be a positive number, not {text!r}"
        )
    return value
