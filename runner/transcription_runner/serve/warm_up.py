"""The first requests are not for clients: libraries, kernels and memory get ready over sound that is at hand."""

import logging
import time

from transcription_api.runner_config import Recipe
from transcription_runner.engine.engine import Engine
from transcription_runner.engine.work import Lane, Work
from transcription_runner.errors import FileError
from transcription_runner.evaluation.clip import sound

log = logging.getLogger(__name__)


def warm_up(engine: Engine) -> None:
    """Transcribe the clip that every runner has. Raises DeviceError, ConfigurationError."""
    began = time.monotonic()
    try:
        engine.submit(Work(sound(), Recipe(), lane=Lane.INTERACTIVE)).result()
    except (FileNotFoundError, FileError) as error:
        log.warning("the warm-up did not succeed; the first request will be slower: %s", error)
        return
    log.info("warm after %.1f s", time.monotonic() - began)
