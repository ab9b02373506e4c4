"""What is counted of one request, for the log and the metrics: numbers, and nothing of what was said."""

import time
from dataclasses import dataclass, field

from transcription_runner.engine.work import Piece, Work


@dataclass
class Figures:
    """One request. It is also the engine's watch of it."""

    upload_bytes: int = 0
    audio_seconds: float = 0.0
    """Length of the sound; 0 while it is not known."""
    waited_seconds: float | None = None
    """From the end of the upload to the moment that the sound was decoded."""
    hung_up: bool = False
    """Whether the client went away before the answer."""
    _uploaded: float = field(default_factory=time.monotonic)

    def uploaded(self, size: int) -> None:
        """The upload is here."""
        self.upload_bytes, self._uploaded = size, time.monotonic()

    def opened(self, work: Work, seconds: float) -> None:
        """See Watch."""
        self.audio_seconds, self.waited_seconds = seconds, time.monotonic() - self._uploaded

    def heard(self, work: Work, seconds: float) -> None:
        """See Watch."""

    def piece(self, work: Work, piece: Piece) -> None:
        """See Watch."""
