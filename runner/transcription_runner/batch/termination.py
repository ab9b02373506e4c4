"""The last words of a pod: why it ended, as JSON in the file that Kubernetes reads into the pod's status."""

import json
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)

ENV_TERMINATION_LOG = "TRANSCRIPTION_TERMINATION_LOG"
DEFAULT_TERMINATION_LOG = "/dev/termination-log"
MOST_BYTES = 4096
"""Kubernetes cuts what is longer."""


def write_termination_message(reason: str, message: str) -> None:
    """Leave `reason` (one CamelCase word) and `message` (a sentence) behind. A file that cannot be written is only logged."""
    path = Path(os.environ.get(ENV_TERMINATION_LOG, DEFAULT_TERMINATION_LOG))
    room = MOST_BYTES
    while len(text := json.dumps({"reason": reason, "message": message[:room]}, ensure_ascii=False).encode()) > MOST_BYTES:
        room -= 256
    try:
        path.write_bytes(text)
    except OSError as error:
        log.warning("the termination message cannot be written to %s: %s", path, error.strerror)
