"""The termination message: why a pod ended, as JSON in the file that Kubernetes reads into the pod's status."""

from typing import Annotated

from pydantic import Field, ValidationError

from transcription_api.contract import Record

TERMINATION_FILE = "/dev/termination-log"
"""Kubernetes' own default."""
MOST_BYTES = 4096
"""Kubernetes cuts what is longer."""


class TerminationMessage(Record):
    """A pod's last words."""

    reason: Annotated[str, Field(pattern=r"^[A-Za-z]([A-Za-z0-9_]{0,126}[A-Za-z0-9])?$")]
    """One CamelCase word; a condition may carry it as its reason."""
    message: str = ""
    """A sentence."""

    def encoded(self) -> bytes:
        """JSON of at most MOST_BYTES; a longer message is cut."""
        room = MOST_BYTES
        while len(text := self._cut(room)) > MOST_BYTES:
            room -= 128
        return text

    def _cut(self, characters: int) -> bytes:
        return self.model_copy(update={"message": self.message[:characters]}).model_dump_json(by_alias=True).encode()


def read_termination_message(text: str) -> TerminationMessage | None:
    """What a pod said, or None for text that is no termination message, such as the end of a log."""
    try:
        return TerminationMessage.model_validate_json(text)
    except ValidationError:
        return None
