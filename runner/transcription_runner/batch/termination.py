"""The last words of a pod: why it ended, in the file that Kubernetes reads into the pod's status."""

import logging
import os
from pathlib import Path

from transcription_api.termination import TERMINATION_FILE, TerminationMessage

log = logging.getLogger(__name__)

ENV_TERMINATION_LOG = "TRANSCRIPTION_TERMINATION_LOG"


def write_termination_message(reason: str, message: str) -> None:
    """Leave `reason` (one CamelCase word) and `message` (a sentence) behind. A file that cannot be written is only logged."""
    path = Path(os.environ.get(ENV_TERMINATION_LOG, TERMINATION_FILE))
    try:
        path.write_bytes(TerminationMessage(reason=reason, message=message).encoded())
    except OSError as error:
        log.warning("the termination message cannot be written to %s: %s", path, error.strerror)
