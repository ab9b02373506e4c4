"""The last words of a pod: why it ended and what it did, in the file that Kubernetes reads into the pod's status."""

import logging
import os
from pathlib import Path

from transcription_api.report import ShardReport
from transcription_api.termination import TERMINATION_FILE, TerminationMessage

log = logging.getLogger(__name__)

ENV_TERMINATION_LOG = "TRANSCRIPTION_TERMINATION_LOG"


def write_termination_message(reason: str, message: str, report: ShardReport | None = None) -> None:
    """Leave `reason` (one CamelCase word), `message` (a sentence) and `report` behind; if that cannot be, it is logged."""
    path = Path(os.environ.get(ENV_TERMINATION_LOG, TERMINATION_FILE))
    try:
        path.write_bytes(TerminationMessage(reason=reason, message=message, report=report).encoded())
    except OSError as error:
        log.warning("the termination message cannot be written to %s: %s", path, error.strerror)
